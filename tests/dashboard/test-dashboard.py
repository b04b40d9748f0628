#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The dashboard in Debian's Chromium, served by a real mosquitto: against a real repcastd that plays recordings, and
against a hub that says what a real one cannot be asked for. Pictures are left in tests/dashboard/pictures.

Debian's interpreter, because selenium is Debian's too. Run by `scripts/test.sh dashboard`; arguments are parts of the
names of tests; BIG=600 makes the test of fifty stations last for ten minutes."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crowd  # noqa: E402
import rig  # noqa: E402
import with_actors  # noqa: E402
import with_hub  # noqa: E402
from broker import Tap  # noqa: E402

TESTS = [*with_hub.TESTS, *with_actors.TESTS, *crowd.TESTS]

chosen = [t for t in TESTS if not sys.argv[1:] or any(part in t.__name__ for part in sys.argv[1:])]
status = Tap(chosen).run()
rig.close()
sys.exit(status)
