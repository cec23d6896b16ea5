package godwit

import "github.com/godwit-go/godwit/internal/conf"

// Codecs shows the codecs of configuration files to the tests.
func Codecs() conf.Codecs { return codecs }
