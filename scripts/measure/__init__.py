# SPDX-License-Identifier: GPL-2.0
"""What isolation costs: scripts/bench is the command."""
