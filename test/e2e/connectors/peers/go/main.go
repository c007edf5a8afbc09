// Sends what a user of Go's websocket package would, and prints what comes back.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/coder/websocket"
)

func main() {
	ctx := context.Background()
	socket, _, err := websocket.Dial(ctx, os.Args[1], &websocket.DialOptions{CompressionMode: websocket.CompressionContextTakeover})
	check(err)
	socket.SetReadLimit(-1)
	check(socket.Write(ctx, websocket.MessageText, []byte("{\"n\":1}\n{\"n\":2}\n")))
	for count := 0; count < 2; count++ {
		fmt.Print(read(ctx, socket))
	}
	// Fragments: each write of a writer is one.
	writer, err := socket.Writer(ctx, websocket.MessageText)
	check(err)
	for _, part := range []string{`"fra`, `gmen`, "ted\"\n"} {
		_, err := writer.Write([]byte(part))
		check(err)
	}
	check(writer.Close())
	fmt.Print(read(ctx, socket))
	check(socket.Write(ctx, websocket.MessageBinary, []byte("\"binary\"\n")))
	kind, _, err := socket.Read(ctx)
	check(err)
	fmt.Println(kind)
	big := "\"" + strings.Repeat("x", 1<<20) + "\"\n"
	check(socket.Write(ctx, websocket.MessageText, []byte(big)))
	fmt.Println(read(ctx, socket) == big)
	fmt.Println(socket.Close(4001, "enough"))
}

func read(ctx context.Context, socket *websocket.Conn) string {
	_, message, err := socket.Read(ctx)
	check(err)
	return string(message)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
