"""argus-agent: starts reruns, resumes what was paused and carries out stops on a training host.

It asks the server; nothing reaches in.
"""
