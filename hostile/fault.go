package hostile

// faultDomain is the parent of the fault hosts.
const faultDomain = "fault.test"

type faultHosts struct{}

func startFaultHosts(*Web) (*faultHosts, error) { return &faultHosts{}, nil }

func (f *faultHosts) has(string) bool { return false }

func (f *faultHosts) listens(string, string) (string, error) { return "", nil }

func (f *faultHosts) close() {}
