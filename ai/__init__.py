"""The AI service: what would have sold anyway, and what a promotion changed. Never imports app."""

import os

# The matrices are many and small: threads of the linear algebra library cost three times what they give.
# Must be set before numpy is imported anywhere.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
