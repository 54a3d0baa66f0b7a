// go_echo: an echo server with a goroutine for each connection, for `make bench` to set the models of tcp_server against.
//
//	go run bench/go_echo.go        prints "listening on 127.0.0.1:PORT", and serves until it is ended
package main

import (
	"fmt"
	"net"
	"os"
)

func echo(connection net.Conn) {
	defer connection.Close()
	buffer := make([]byte, 4096)
	for {
		n, err := connection.Read(buffer)
		if n > 0 {
			if _, failed := connection.Write(buffer[:n]); failed != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, "go_echo:", err)
		os.Exit(1)
	}
	fmt.Println("listening on", listener.Addr())
	for {
		connection, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, "go_echo:", err)
			os.Exit(1)
		}
		go echo(connection)
	}
}
