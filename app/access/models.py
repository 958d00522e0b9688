"""The words of access: roles, permissions, and the principal that acts."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is here for; the permission table says what each may do."""

    ADMINISTRATOR = "administrator"
    MANAGER = "manager"
    ACCOUNT_MANAGER = "account_manager"
    FINANCE = "finance"
    ANALYST = "analyst"
    VIEWER = "viewer"
    OPERATOR = "operator"


class Permission(StrEnum):
    """One thing that can be allowed."""

    CUSTOMERS_READ = "customers.read"
    CUSTOMERS_WRITE = "customers.write"
    PRODUCTS_READ = "products.read"
    PRODUCTS_WRITE = "products.write"
    SALES_READ = "sales.read"
    SALES_IMPORT = "sales.import"
    PROMOTIONS_READ = "promotions.read"
    PROMOTIONS_WRITE = "promotions.write"
    AI_READ = "ai.read"
    AI_MANAGE = "ai.manage"
    USERS_READ = "users.read"
    USERS_WRITE = "users.write"
    AUDIT_READ = "audit.read"
    OPERATIONS_READ = "operations.read"


@dataclass(frozen=True)
class Principal:
    """Whoever acts: a signed-in person, or the machine itself (`Principal.system("worker")`)."""

    user_id: str
    name: str
    email: str
    role: Role

    @classmethod
    def system(cls, part: str) -> "Principal":
        """The appliance acting by itself; `part` is the service or command."""
        return cls(user_id=f"system:{part}", name=part, email="", role=Role.ADMINISTRATOR)

    @classmethod
    def anonymous(cls) -> "Principal":
        """Somebody who has not signed in; only for naming the actor of a failed sign-in."""
        return cls(user_id="anonymous", name="", email="", role=Role.VIEWER)
