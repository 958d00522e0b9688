"""`python -m app.realtime`."""

from app.realtime.main import main

main()
