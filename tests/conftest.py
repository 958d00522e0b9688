"""What every tier shares: secrets for tests, written where the settings look for them."""

import base64
import json
import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

# The same examples each time, so that a run means the same everywhere; `scripts/test.sh --full` looks for new ones, and `--fast`
# tries the first few. A busy machine fails no test: no time is asserted.
_PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("same", derandomize=True, **_PATIENT)
settings.register_profile("new", **_PATIENT)
settings.register_profile("few", derandomize=True, max_examples=15, **_PATIENT)
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
