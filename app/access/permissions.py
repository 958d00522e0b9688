"""The one permission table, consulted by API and pages alike."""

from app.access.models import Permission as P
from app.access.models import Principal, Role
from app.core.errors import Forbidden

_READ = frozenset({P.CUSTOMERS_READ, P.PRODUCTS_READ, P.SALES_READ, P.PROMOTIONS_READ, P.AI_READ})
_PLAN = _READ | {P.CUSTOMERS_WRITE, P.PRODUCTS_WRITE, P.PROMOTIONS_WRITE, P.SALES_IMPORT}

TABLE: dict[Role, frozenset[P]] = {
    Role.ADMINISTRATOR: frozenset(P),
    Role.MANAGER: _PLAN | {P.AI_MANAGE, P.USERS_READ, P.AUDIT_READ},
    Role.ACCOUNT_MANAGER: _PLAN,
    Role.FINANCE: _READ | {P.SALES_IMPORT, P.AUDIT_READ},
    Role.ANALYST: _READ | {P.SALES_IMPORT, P.AI_MANAGE},
    Role.VIEWER: _READ,
    Role.OPERATOR: frozenset({P.OPERATIONS_READ, P.AUDIT_READ}),
}


def allowed(principal: Principal, permission: P) -> bool:
    """Whether the principal's role has the permission."""
    return permission in TABLE[principal.role]


def require(principal: Principal, permission: P) -> None:
    """Raise Forbidden, naming what is missing and whom to ask, unless allowed."""
    if not allowed(principal, permission):
        raise Forbidden(
            f"Your role ({principal.role.value.replace('_', ' ')}) does not include {permission.value}. "
            "Ask an administrator for it.",
            permission.value,
        )
