// chat_gorilla: a chat server with gorilla/websocket, for bench/run, ordered as that library's chat example is: a hub that
// knows all clients, for each client a goroutine that reads, one that writes, and between them a channel of 256 messages.
// What waits in the channel is written into one message, line by line; a client whose channel is full is dropped.
package main

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

const (
	writeWait  = 10 * time.Second
	pongWait   = 60 * time.Second
	pingPeriod = 54 * time.Second
)

type client struct {
	connection *websocket.Conn
	outgoing   chan []byte
}

type hub struct {
	clients map[*client]bool
	enter   chan *client
	leave   chan *client
	said    chan []byte
}

func (h *hub) drop(c *client) {
	if h.clients[c] {
		delete(h.clients, c)
		close(c.outgoing)
	}
}

func (h *hub) run() {
	for {
		select {
		case c := <-h.enter:
			h.clients[c] = true
		case c := <-h.leave:
			h.drop(c)
		case text := <-h.said:
			for c := range h.clients {
				select {
				case c.outgoing <- text:
				default:
					h.drop(c)
				}
			}
		}
	}
}

func (c *client) read(h *hub) {
	defer func() {
		h.leave <- c
		c.connection.Close()
	}()
	c.connection.SetReadLimit(65536)
	c.connection.SetReadDeadline(time.Now().Add(pongWait))
	c.connection.SetPongHandler(func(string) error { return c.connection.SetReadDeadline(time.Now().Add(pongWait)) })
	for {
		_, text, err := c.connection.ReadMessage()
		if err != nil {
			return
		}
		h.said <- text
	}
}

func (c *client) writeAll(first []byte) error {
	c.connection.SetWriteDeadline(time.Now().Add(writeWait))
	w, err := c.connection.NextWriter(websocket.TextMessage)
	if err != nil {
		return err
	}
	w.Write(first)
	for n := len(c.outgoing); n > 0; n-- {
		w.Write([]byte{'\n'})
		w.Write(<-c.outgoing)
	}
	return w.Close()
}

func (c *client) write() {
	ticker := time.NewTicker(pingPeriod)
	defer func() {
		ticker.Stop()
		c.connection.Close()
	}()
	for {
		select {
		case text, open := <-c.outgoing:
			if !open {
				c.connection.WriteMessage(websocket.CloseMessage, nil)
				return
			}
			if c.writeAll(text) != nil {
				return
			}
		case <-ticker.C:
			c.connection.SetWriteDeadline(time.Now().Add(writeWait))
			if c.connection.WriteMessage(websocket.PingMessage, nil) != nil {
				return
			}
		}
	}
}

func main() {
	h := &hub{map[*client]bool{}, make(chan *client), make(chan *client), make(chan []byte)}
	go h.run()
	upgrader := websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}
	http.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		connection, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		c := &client{connection, make(chan []byte, 256)}
		h.enter <- c
		go c.write()
		go c.read(h)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("listening on %s\n", listener.Addr())
	http.Serve(listener, nil)
}
