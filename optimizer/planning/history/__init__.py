"""From the past of a project to the evidence in its lock: which deployments changed which stage, and which package."""
