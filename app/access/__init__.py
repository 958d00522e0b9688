"""Who may do what: users, roles, sign-in, audit trail."""
