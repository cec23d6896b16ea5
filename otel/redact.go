package otel

import (
	"net/url"
	"strings"
)

// secretWords mark query parameters whose values are not shown, wherever they stand
// in the name. They cover those that the semantic conventions name.
var secretWords = [...]string{
	"key", "token", "secret", "pass", "pwd", "auth", "session", "sid", "sig", "credential", "jwt", "code",
}

// RedactURL writes u with its scheme, host, path and query, but without user,
// password and fragment. Values of query parameters that sound like a secret
// become REDACTED.
func RedactURL(u *url.URL) string {
	shown := *u
	shown.User, shown.Fragment, shown.RawFragment = nil, "", ""
	if shown.RawQuery != "" {
		params := strings.Split(shown.RawQuery, "&")
		for i, p := range params {
			if name, _, ok := strings.Cut(p, "="); ok && soundsSecret(name) {
				params[i] = name + "=REDACTED"
			}
		}
		shown.RawQuery = strings.Join(params, "&")
	}
	return shown.String()
}

func soundsSecret(name string) bool {
	if plain, err := url.QueryUnescape(name); err == nil {
		name = plain
	}
	name = strings.ToLower(name)
	for _, word := range secretWords {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
