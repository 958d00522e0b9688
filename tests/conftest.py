"""What every tier shares: secrets for tests, written where the settings look for them."""

import base64
import json
import os
import tempfile
from pathlib import Path

_SECRETS = Path(tempfile.mkdtemp(prefix="tradeai-secrets-"))
_VALUES = {
    "secret_key": "a-secret-key-for-tests-only-0123456789",
    "jwt_keys": json.dumps({"current": "test", "keys": {"test": base64.b64encode(b"t" * 32).decode()}}),
    "mongo_app_password": "test",
    "mongo_ai_password": "test",
    "redis_password": "test",
    "supervisor_password": "operator-password-for-tests",
}
for _name, _value in _VALUES.items():
    (_SECRETS / _name).write_text(_value)
os.environ.setdefault("TRADEAI_SECRETS_DIR", str(_SECRETS))
os.environ.setdefault("TRADEAI_ENVIRONMENT", "test")
