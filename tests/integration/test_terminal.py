"""The live line: on a terminal only, replaced in place, never left behind in the log."""

import os
import re
import signal

import pytest

from support.service import BINARY
from support.terminal import Terminal
from support.waiting import wait_for

LOG_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO|WARNING|ERROR) ")
LIVE_LINE = re.compile(r"\r\x1b\[K([a-z]+ \| [^\r\n]*)")


@pytest.fixture
def on_terminal(sync, database):
    """Starts the service on a terminal."""
    started = []

    def start(columns=120, term="xterm", **sections):
        service = sync([f"{database}.c"], **sections)
        started.append(Terminal([BINARY, "--config", service.config_path], columns, {**os.environ, "TERM": term}))
        return started[-1]

    yield start
    for terminal in started:
        terminal.close()


def test_it_shows_the_progress_and_is_gone_at_the_end(on_terminal, pair, database):
    terminal = on_terminal()
    wait_for(lambda: LIVE_LINE.search(terminal.written), lambda: terminal.written)
    pair.source[database].c.insert_many([{"_id": n} for n in range(1_000)])
    wait_for(lambda: re.search(r"live \| [\d ]+/s \| lag \d+\.\d s \| backlog [\d ]+ \| 1 00[01] applied \| 0 errors",
                               terminal.written), lambda: terminal.written)
    for _ in range(3):
        seen = len(LIVE_LINE.findall(terminal.written))
        terminal.signal(signal.SIGUSR1)
        wait_for(lambda: len(LIVE_LINE.findall(terminal.written)) > seen, "the live line again")
    terminal.signal(signal.SIGTERM)
    assert terminal.wait_exit() == 0
    screen = terminal.screen()
    assert len(screen) > 5
    assert [line for line in screen if not LOG_LINE.match(line)] == []
    assert "SIGTERM" in "".join(screen)


def test_it_is_cut_to_the_width_of_the_terminal(on_terminal):
    terminal = on_terminal(columns=20)
    wait_for(lambda: len(LIVE_LINE.findall(terminal.written)) > 2, lambda: terminal.written)
    assert max(map(len, LIVE_LINE.findall(terminal.written))) == 19


@pytest.mark.parametrize("options", [{"term": "dumb"}, {"logging": {"format": "json"}}], ids=["dumb", "json"])
def test_it_stays_away_from_dumb_terminals_and_json(on_terminal, options):
    options = {"logging": {}, **options}
    options["logging"]["status_interval"] = 1
    terminal = on_terminal(**options)
    wait_for(lambda: terminal.written.count("status:") > 2, lambda: terminal.written)
    assert "\x1b" not in terminal.written


def test_it_stays_away_from_files(sync, database):
    service = sync([f"{database}.c"], logging={"status_interval": 1}).start_and_watch()
    wait_for(lambda: service.log.count("status:") > 2, lambda: service.log)
    assert "\x1b" not in service.log and "\r" not in service.log
