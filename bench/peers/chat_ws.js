// chat_ws.js: a chat server with Node's ws package, for bench/run.     node chat_ws.js MODULES
// What a client says goes to all, the sender too. No compression, as with the others.
'use strict';
const { WebSocketServer, WebSocket } = require(process.argv[2] + '/ws');
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, backlog: 4096, perMessageDeflate: false });
server.on('listening', () => console.log(`listening on 127.0.0.1:${server.address().port}`));
server.on('connection', socket => {
    socket.on('error', () => {});
    socket.on('message', (data, binary) => {
        for (const client of server.clients)
            if (client.readyState === WebSocket.OPEN) client.send(data, { binary });
    });
});
