"""A registry as if it were far away."""

import asyncio
import contextlib
import threading


class Latency:
    """A way to the registry on which every round trip takes longer, opening the connection included."""

    def __init__(self, target, round_trip):
        host, port = target.rsplit(":", 1)
        self.target = host, int(port)
        self.one_way = round_trip / 2
        self.loop = asyncio.new_event_loop()

    def __enter__(self):
        self.server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.server.close()
        carried = asyncio.all_tasks(self.loop)
        for task in carried:
            task.cancel()
        if carried:
            self.loop.run_until_complete(asyncio.wait(carried))
        self.loop.close()

    async def serve(self, reader, writer):
        await asyncio.sleep(2 * self.one_way)  # SYN and its answer
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(*self.target)
            await asyncio.gather(self.carry(reader, far_writer), self.carry(far_reader, writer))

    async def carry(self, reader, writer):
        """Every piece is due one way's time after it came; pieces behind it travel meanwhile."""
        under_way = asyncio.Queue()

        async def deliver():
            while (piece := await under_way.get()) is not None:
                due, content = piece
                await asyncio.sleep(due - self.loop.time())
                writer.write(content)
                await writer.drain()
            writer.close()

        delivery = self.loop.create_task(deliver())
        try:
            while content := await reader.read(64 * 1024):
                under_way.put_nowait((self.loop.time() + self.one_way, content))
        finally:
            under_way.put_nowait(None)
            await delivery
