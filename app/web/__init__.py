"""Pages for people: layout, shared templates, static files, and the parts every subject's pages are made of."""
