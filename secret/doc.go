// Package secret holds keys and passwords so that they are used and never shown.
//
// A [Value] knows where its secret comes from: it was given outright
// ([Explicit]), is named by an environment variable ([Env], which also follows
// NAME_FILE as Docker images do), or lies in a file ([File]) such as those that
// Docker and Kubernetes mount. Configuration files write these as "${NAME}" and
// "file:/run/secrets/name"; see [Parse].
//
//	key := secret.Env("SOLVER_KEY")
//	fmt.Println(key)            // ***
//	text, err := key.Reveal()   // the secret, read now
//
// The secret is fetched by every [Value.Reveal], so a key that is rotated in its
// file is picked up without a restart. Nothing else yields it: every format
// verb, JSON, text and log form of a Value is "***".
//
// The package imports nothing but the standard library and knows nothing of HTTP.
package secret
