// ws_node.js: Node's ws package as a client of ws_chat.     node ws_node.js MODULES HOST PORT
// Two clients: a short and a long text, a Ping, names, a binary message, and the way out. Exit status 0 if all is right.
'use strict';
const WebSocket = require(process.argv[2] + '/ws');
const url = `ws://${process.argv[3]}:${process.argv[4]}/ws`;
const long = 'ä€😀'.repeat(7000); // 63,000 bytes
const failed = why => { console.log(why); process.exit(1); };
setTimeout(() => failed('nothing came for 20 s'), 20000).unref();

function enter() {
    const socket = new WebSocket(url);
    const lines = [];
    const waiting = [];
    socket.on('error', error => failed(String(error)));
    socket.on('message', (data, binary) => {
        if (binary) failed('a binary message came');
        lines.push(data.toString());
        if (waiting.length > 0) waiting.shift()();
    });
    const next = async () => {
        while (lines.length === 0) await new Promise(resolve => waiting.push(resolve));
        return lines.shift();
    };
    const wanted = async text => {
        const line = await next();
        if (line !== text) failed(`came '${line.slice(0, 80)}', wanted '${text.slice(0, 80)}'`);
    };
    return { socket, next, wanted };
}

async function play() {
    const one = enter();
    if (!(await one.next()).startsWith('* you are guest1;')) failed('no greeting');
    const two = enter();
    if (!(await two.next()).startsWith('* you are guest2;')) failed('no greeting');
    await one.wanted('* guest2 is here');
    one.socket.send('/name ada');
    await one.wanted('* guest1 is now ada');
    await two.wanted('* guest1 is now ada');
    one.socket.send(long);
    await one.wanted('ada: ' + long);
    await two.wanted('ada: ' + long);
    const pong = new Promise(resolve => one.socket.once('pong', data => resolve(data.toString())));
    one.socket.ping('beat');
    if (await pong !== 'beat') failed('the Pong is wrong');
    const closed = socket => new Promise(resolve => socket.once('close', (code, reason) => resolve(`${code} ${reason}`)));
    const end = closed(two.socket);
    two.socket.send(Buffer.from([1, 2, 3]));
    if (await end !== '1003 this room is for text') failed('a binary message: ' + await end);
    await one.wanted('* guest2 has left');
    const last = closed(one.socket);
    one.socket.close(4000, 'enough');
    if (!(await last).startsWith('4000 ')) failed('the close: ' + await last);
    console.log('done');
    process.exit(0);
}
play();
