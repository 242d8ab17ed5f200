"""The rules that join findings with the resource graph, and the score."""
