#!/usr/bin/env python3
"""ws_websockets.py: the websockets package as a client of ws_chat.     ws_websockets.py HOST PORT

Two clients: a short and a long text, one in fragments, a Ping, and the way out. Exit status 0 if all is right.
"""
import asyncio
import sys

import websockets

LONG = 'ä€😀' * 7000  # 63,000 bytes


async def play(url):
    one = await websockets.connect(url, origin=url.replace('ws:', 'http:').removesuffix('/ws'))
    assert (await one.recv()).startswith('* you are guest1;')
    two = await websockets.connect(url)
    assert (await two.recv()).startswith('* you are guest2;')
    assert await one.recv() == '* guest2 is here'
    await one.send(LONG)
    assert await one.recv() == await two.recv() == 'guest1: ' + LONG
    await one.send(['in ', 'three ', 'pieces'])
    assert await one.recv() == await two.recv() == 'guest1: in three pieces'
    await asyncio.wait_for(await one.ping('beat'), 10)
    await two.send('/leave')
    try:
        await two.recv()
        raise AssertionError('the connection is still open')
    except websockets.ConnectionClosed:
        assert (two.close_code, two.close_reason) == (1000, 'goodbye'), (two.close_code, two.close_reason)
    assert await one.recv() == '* guest2 has left'
    await one.close(4000, 'enough')
    assert one.close_code == 4000
    try:
        await websockets.connect(url, origin='http://evil.example')
        raise AssertionError('a strange Origin was let in')
    except websockets.InvalidStatusCode as refusal:
        assert refusal.status_code == 403
    print('done')


asyncio.run(asyncio.wait_for(play(f'ws://{sys.argv[1]}:{sys.argv[2]}/ws'), 30))
