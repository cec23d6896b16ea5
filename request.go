package godwit

import (
	"fmt"
	"net/http"

	"golang.org/x/net/http/httpguts"

	"github.com/godwit-go/godwit/trip"
)

// RequestError is a request that cannot be sent as it is.
type RequestError struct {
	Field   string // of http.Request
	Problem string // in words; never quotes the value of a header
}

// Error names the field and what is wrong with it.
func (e *RequestError) Error() string { return "request's " + e.Field + " " + e.Problem }

// Outcome is [trip.Local].
func (e *RequestError) Outcome() trip.Outcome {
	return trip.Outcome{Verdict: trip.Local, Reason: "bad request"}
}

// malformed returns what no transport would send of req; nil when it is sound. A
// transport tells that by an error like any other, for which neither the target
// nor the egress must be blamed.
func malformed(req *http.Request) error {
	if bad := malformedMethod(req); bad != nil {
		return bad
	}
	if !httpguts.ValidHostHeader(req.Host) {
		return &RequestError{Field: "Host", Problem: "has a character that no host has"}
	}
	for name, values := range req.Header {
		if !httpguts.ValidHeaderFieldName(name) {
			return &RequestError{Field: "Header", Problem: fmt.Sprintf("has the name %.40q, want a token", name)}
		}
		for _, v := range values {
			if !httpguts.ValidHeaderFieldValue(v) {
				return &RequestError{Field: fmt.Sprintf("Header[%q]", name), Problem: "has a control character in its value"}
			}
		}
	}
	return nil
}

func malformedMethod(req *http.Request) error {
	if req.Method != "" && !httpguts.ValidHeaderFieldName(req.Method) { // a token, too
		return &RequestError{Field: "Method", Problem: fmt.Sprintf("is %.40q, want a token", req.Method)}
	}
	return nil
}
