package otel

import "net/url"

// RedactURL writes u with its scheme, host and path, as godwit's own errors do.
// User, password, query and fragment may be secret, whatever they are called.
func RedactURL(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return shown.String()
}
