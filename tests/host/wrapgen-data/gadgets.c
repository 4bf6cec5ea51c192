// SPDX-License-Identifier: GPL-2.0
/* A module of the kernel beside it. It has a struct of the kernel's, too, and one of its own. */
typedef unsigned long u64;

struct token {
	int number;
};

struct gear {
	u64 teeth;
	struct gear *next;
	struct token token;
};

int gear_turn(struct gear *gear, u64 *turns) { return 0; }
void gear_oil(struct gear *gear, struct token token) { }
void widget_stats(u64 *rx, int unlike_the_kernels) { }
