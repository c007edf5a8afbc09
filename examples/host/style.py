#!/usr/bin/env python3
"""Answers the same action as spelling.js, in Python: the wire protocol is that of the example plugin next door."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../plugins/python-greeter"))
sys.dont_write_bytecode = True
import plugin  # noqa: E402


def review(post, message):
    longest = max(post["text"].split(), key=len)
    return f'"{longest}" is a long word'


plugin.CONTRACTS = {}
plugin.ACTIONS = {"newsroom/review": review}
plugin.run()
