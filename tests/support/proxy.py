"""A TCP proxy between the service and a server, for the faults of a network.

pass through, delay, refuse (cut what is open, accept nothing), swallow (accept and never answer), and `hold`: keep one
chosen request back and break the client's connection; the request reaches the server when `release` is called. That is
the late duplicate: the client has long retried elsewhere when its first try lands. `rewrite` lets a server answer what
it never would, `answer` answers in its place.
"""

import asyncio
import contextlib
import itertools
import math
import threading

from support import messages


class Proxy:
    """Listens on a port of its own and forwards to `server_port`. All methods may be called from the test's thread."""

    def __init__(self, server_port):
        self.server_port = server_port
        self.delay_ms = 0          # each way
        self.bytes_per_second = 0  # of requests, all connections together; 0: as fast as it goes
        self._line = None          # that they share
        self._refusing = False
        self._swallowing = False
        self._rewrites = []        # (bytes, bytes of the same length) in replies
        self._slow = []            # (bytes in a request, seconds)
        self._cuts = []            # (numbers of requests, bytes in them, every how many-th)
        self._answers = []         # [bytes in a request, document of the reply, how many more]
        self._counted_marker = None
        self.counted = 0           # requests that count() asked for
        self._hold_marker = None
        self._held = None          # _Held
        self._connections = set()  # tasks
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._listener = self._call(self._listen(0))
        self.port = self._listener.sockets[0].getsockname()[1]

    # --- what a test says

    def refuse(self):
        """Breaks every connection and refuses new ones."""
        self._call(self._refuse())

    def swallow(self):
        """From now on nothing is forwarded, on old and new connections: a black hole."""
        self._swallowing = True

    def heal(self):
        """Everything flows again; connections that were swallowed are broken, as a firewall's restart does."""
        self._call(self._heal())

    def hold(self, marker):
        """The next request that contains the bytes `marker` is held back, its client's connection is broken."""
        self._held = None
        self._hold_marker = marker

    def rewrite(self, before, after):
        """From now on replies hold the bytes `after` where the server's held `before`."""
        assert len(before) == len(after), "lengths inside the message must stay true"
        self._rewrites.append((before, after))

    def slow(self, marker, seconds):
        """From now on requests that contain the bytes `marker` are under way for so long."""
        self._slow.append((marker, seconds))

    def cut(self, marker, every):
        """From now on every so many-th request that contains the bytes `marker` breaks its connection instead."""
        self._cuts.append((itertools.count(1), marker, every))

    def answer(self, marker, reply, times=math.inf):
        """From now on requests that contain the bytes `marker` never reach the server; the proxy answers `reply`, so
        many times."""
        self._answers.append([marker, reply, times])

    def stop_answering(self):
        """From now on every request goes to the server."""
        self._answers = []

    def count(self, marker):
        """From now on `counted` says how many requests contained the bytes `marker`."""
        self.counted, self._counted_marker = 0, marker

    @property
    def holding(self):
        return self._held is not None

    def release(self, seconds=20.0):
        """Delivers the held request; returns the server's reply."""
        return self._call(self._release(), seconds)

    def close(self):
        if not self._loop.is_closed():
            self._call(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    # --- in the loop's thread

    def _call(self, coroutine, seconds=20.0):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(seconds)

    async def _listen(self, port):
        return await asyncio.start_server(self._accept, "127.0.0.1", port)

    async def _refuse(self):
        self._refusing = True
        self._listener.close()
        self._break_all()

    async def _heal(self):
        self._break_all()
        self._swallowing = False
        if self._refusing:
            self._refusing = False
            self._listener = await self._listen(self.port)

    async def _close(self):
        self._listener.close()
        self._break_all()
        await asyncio.gather(*self._connections, return_exceptions=True)
        if self._held:
            self._held.close()

    def _break_all(self):
        for task in self._connections:
            task.cancel()

    async def _accept(self, client_reader, client_writer):
        task = asyncio.current_task()
        self._connections.add(task)
        server_writer = None
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.server_port)
            kept = await self._forward(client_reader, client_writer, server_reader, server_writer)
            if kept:
                server_writer = None
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            for writer in (client_writer, server_writer):
                if writer:
                    writer.transport.abort()

    async def _forward(self, client_reader, client_writer, server_reader, server_writer):
        """Until one side ends; true when the server's side was kept for a held request."""
        to_server = asyncio.create_task(self._requests(client_reader, client_writer, server_reader, server_writer))
        to_client = asyncio.create_task(self._replies(server_reader, client_writer, to_server))
        try:
            await asyncio.wait({to_server, to_client}, return_when=asyncio.FIRST_COMPLETED)
            return to_server.done() and not to_server.cancelled() and to_server.exception() is None \
                and to_server.result()
        finally:
            for task in (to_server, to_client):
                task.cancel()
                with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                    await task

    def _answer_to(self, message):
        for answer in self._answers:
            marker, reply, left = answer
            if left and marker in message:
                answer[2] -= 1
                return messages.reply_to(message, reply)
        return None

    async def _requests(self, client_reader, client_writer, server_reader, server_writer):
        while True:
            message = await messages.read(client_reader)
            await self._wait_until_open()
            if self._counted_marker and self._counted_marker in message:
                self.counted += 1
            if self._hold_marker and self._hold_marker in message:
                self._hold_marker = None
                self._held = _Held(message, server_reader, server_writer)
                return True
            if self._is_cut(message):
                return False
            await asyncio.sleep(sum(seconds for marker, seconds in self._slow if marker in message))
            await self._pass_the_line(len(message))
            if answer := self._answer_to(message):
                await self._send(client_writer, answer)  # the client waits for it: no other reply is under way
            else:
                await self._send(server_writer, message)

    def _is_cut(self, message):
        return any(marker in message and next(numbers) % every == 0 for numbers, marker, every in self._cuts)

    async def _pass_the_line(self, size):
        if not self.bytes_per_second:
            return
        if self._line is None:
            self._line = asyncio.Lock()
        async with self._line:
            await asyncio.sleep(size / self.bytes_per_second)

    async def _replies(self, server_reader, client_writer, to_server):
        while not to_server.done():
            message = self._rewritten(await messages.read(server_reader))
            await self._wait_until_open()
            await self._send(client_writer, message)

    def _rewritten(self, message):
        for before, after in self._rewrites:
            message = message.replace(before, after)
        return message

    async def _wait_until_open(self):
        while self._swallowing:
            await asyncio.sleep(0.05)

    async def _send(self, writer, data):
        if self.delay_ms:
            # One message after the other: a delayed line, not a slow one, needs no more for request-reply traffic.
            await asyncio.sleep(self.delay_ms / 1000)
        writer.write(data)
        await writer.drain()

    async def _release(self):
        held, self._held = self._held, None
        held.writer.write(held.message)
        await held.writer.drain()
        reply = await messages.read(held.reader)
        held.close()
        return reply


class _Held:
    def __init__(self, message, reader, writer):
        self.message, self.reader, self.writer = message, reader, writer

    def close(self):
        self.writer.transport.abort()
