"""argus-agent: starts reruns and carries out stops on a training host. It asks the server; nothing reaches in."""
