"""`python -m app.supervisor`."""

from gevent import monkey

monkey.patch_all()  # before anything opens a socket: hundreds of waiting tasks in one thread, a few kB each

from app.supervisor.main import main  # noqa: E402

main()
