"""What runs in the learner's process: the zygote, the isolation of its children, the shell, the server of
remote names.

Nothing here is trusted once a learner's cell has run beside it, and nothing here may import the rest of
nlref.
"""
