"""What every tier shares: secrets for tests, written where the settings look for them."""

import base64
import json
import os
import tempfile
from pathlib import Path

from hypothesis import settings

# The same examples each time, so that a run means the same everywhere; `scripts/test.sh --full` looks for new ones, and `--fast`
# tries the first few. No example has a time limit: a busy machine is no mistake of ours.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("new", deadline=None)
settings.register_profile("few", derandomize=True, deadline=None, max_examples=15)
settings.load_profile("new" if os.environ.get("FULL") else "few" if os.environ.get("FAST") else "same")

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
