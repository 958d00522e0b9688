"""A TCP proxy that keeps everything for a while: `slow_proxy.py LISTEN TARGET SECONDS`, both ports of this network's loopback.

The kernels that this runs on need not have netem, which would do the same.
"""

import asyncio
import sys


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """Each piece after `seconds`; pieces do not wait for each other."""
    loop = asyncio.get_running_loop()
    try:
        while piece := await reader.read(65536):
            loop.call_later(seconds, writer.write, piece)
    except ConnectionError:
        pass
    loop.call_later(seconds, writer.close)


async def main(listen: int, target: int, seconds: float) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(_pass_on(reader, far_writer, seconds), _pass_on(far_reader, writer, seconds))

    server = await asyncio.start_server(serve, "0.0.0.0", listen)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
