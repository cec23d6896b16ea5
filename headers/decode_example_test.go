package headers_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/godwit-go/godwit/headers"
)

// A server answers in gzip because a browser's Accept-Encoding was sent; net/http
// would hand over the packed bytes.
func ExampleNewDecoder() {
	server := roundTripper(func(*http.Request) (*http.Response, error) {
		r, w := io.Pipe()
		go func() {
			zw := gzip.NewWriter(w)
			_, _ = io.WriteString(zw, strings.Repeat("hello ", 100))
			_ = zw.Close()
			_ = w.Close()
		}()
		header := http.Header{"Content-Encoding": {"gzip"}}
		return &http.Response{StatusCode: 200, Header: header, Body: r, ContentLength: -1}, nil
	})
	transport, err := headers.NewDecoder(server, headers.DecodeConfig{MaxBytes: 500})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := http.Client{Transport: transport}
	resp, err := client.Get("http://shop.example/")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	fmt.Println(len(page), errors.Is(err, headers.ErrBodyTooLarge))
	fmt.Println(err)
	// Output:
	// 500 true
	// headers: body decodes to more than 500 bytes
}
