"""What a learner calls in a notebook. Each shows a page in JupyterLab and text in a terminal."""

from nlref.learn.checking import CheckFailed, check
from nlref.learn.curves import explore
from nlref.learn.hints import hint, reveal
from nlref.learn.questions import choose, predict
from nlref.learn.standing import progress
from nlref.learn.written import written

__all__ = ["CheckFailed", "check", "choose", "explore", "hint", "predict", "progress", "reveal", "written"]
