package headers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/godwit-go/godwit/headers"
)

func Example() {
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		fmt.Println("User-Agent:", req.Header.Get("User-Agent"))
		fmt.Println("Accept-Language:", req.Header.Get("Accept-Language"))
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
	})
	transport, err := headers.New(base, headers.Config{
		Profiles:  []headers.Profile{{Browser: headers.Firefox, Version: 153, OS: headers.Windows}},
		Languages: []string{"de", "en-US", "en"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: transport}
	resp, err := client.Get("https://example.com/")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	// Output:
	// User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:153.0) Gecko/20100101 Firefox/153.0
	// Accept-Language: de,en-US;q=0.9,en;q=0.8
}

// The list for one request, as Chrome would send it.
func ExampleGenerate() {
	page, _ := url.Parse("https://example.com/list")
	image, _ := url.Parse("https://cdn.example.net/1.png")
	list, err := headers.Generate(
		headers.Profile{Browser: headers.Chrome, Version: 156, OS: headers.Windows, Languages: []string{"en-US", "en"}},
		headers.Situation{Kind: headers.Image, URL: image, Initiator: page},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(list.Pseudo)
	for _, f := range list.Fields {
		fmt.Println(f.Name)
	}
	// Output:
	// [:method :authority :scheme :path]
	// sec-ch-ua-platform
	// user-agent
	// sec-ch-ua
	// sec-ch-ua-mobile
	// accept
	// sec-fetch-site
	// sec-fetch-mode
	// sec-fetch-dest
	// sec-fetch-storage-access
	// referer
	// accept-encoding
	// accept-language
	// priority
}

// Say what asks for a URL where it cannot be inferred.
func ExampleWithKind() {
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		fmt.Println(req.Header.Get("Sec-Fetch-Dest"), req.Header.Get("Referer"))
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
	})
	transport, err := headers.New(base, headers.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	page, _ := url.Parse("https://example.com/list")
	ctx := headers.WithInitiator(headers.WithKind(context.Background(), headers.Image), page)
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "https://example.com/1.png", nil)
	if _, err := transport.RoundTrip(req); err != nil {
		fmt.Println(err)
	}
	// Output:
	// image https://example.com/list
}

// A base RoundTripper reads the exact list from the request's context.
func ExampleFieldsFrom() {
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		list, ok := headers.FieldsFrom(req.Context())
		fmt.Println(ok, list.Fields[0].Name, list.Pseudo)
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
	})
	transport, err := headers.New(base, headers.Config{
		Profiles: []headers.Profile{{Browser: headers.Firefox, Version: 153, OS: headers.Linux}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	req, _ := http.NewRequest(http.MethodGet, "https://example.com/", nil)
	if _, err := transport.RoundTrip(req); err != nil {
		fmt.Println(err)
	}
	// Output:
	// true user-agent [:method :path :authority :scheme]
}
