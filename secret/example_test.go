package secret_test

import (
	"fmt"
	"os"

	"github.com/godwit-go/godwit/secret"
)

func Example() {
	_ = os.Setenv("SOLVER_KEY", "0123456789abcdef")
	defer os.Unsetenv("SOLVER_KEY")

	key := secret.Env("SOLVER_KEY")
	fmt.Printf("%v from %s\n", key, key.Source())

	text, err := key.Reveal()
	fmt.Println(len(text), err)
	// Output:
	// *** from environment SOLVER_KEY
	// 16 <nil>
}

func ExampleParse() {
	for _, ref := range []string{"${SOLVER_KEY}", "file:/run/secrets/solver", "Bearer ${SOLVER_KEY}"} {
		v, err := secret.Parse(ref)
		fmt.Println(v.Source(), err)
	}
	// Output:
	// environment SOLVER_KEY <nil>
	// file /run/secrets/solver <nil>
	//  secret: bad reference: want ${NAME} and nothing around it, the name of letters, digits and _
}
