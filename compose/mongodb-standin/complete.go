package status

import "encoding/json"

// Complete fills what mongostat reads and FerretDB's serverStatus lacks: operations counted from its commands, zero for the rest
// (FerretDB counts neither bytes nor connections there). Copied into the vendored package when the image is built.
func Complete(stat *ServerStatus, raw map[string]interface{}) {
	if stat.Mem == nil {
		stat.Mem = &MemStats{Supported: false}
	}
	if stat.Network == nil {
		stat.Network = &NetworkStats{}
	}
	if stat.Connections == nil {
		stat.Connections = &ConnectionStats{}
	}
	if stat.Opcounters == nil {
		stat.Opcounters = countCommands(raw)
	}
}

func countCommands(raw map[string]interface{}) *OpcountStats {
	var known struct {
		Metrics struct {
			Commands map[string]struct{ Total int64 }
		}
	}
	// Through JSON, because the decoder's own map types are many; what cannot be read counts as nothing.
	if text, err := json.Marshal(raw); err != nil || json.Unmarshal(text, &known) != nil {
		return &OpcountStats{}
	}
	counts := &OpcountStats{}
	for name, command := range known.Metrics.Commands {
		switch name {
		case "insert":
			counts.Insert += command.Total
		case "find":
			counts.Query += command.Total
		case "update", "findAndModify":
			counts.Update += command.Total
		case "delete":
			counts.Delete += command.Total
		case "getMore":
			counts.GetMore += command.Total
		default:
			counts.Command += command.Total
		}
	}
	return counts
}
