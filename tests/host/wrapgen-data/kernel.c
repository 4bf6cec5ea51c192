// SPDX-License-Identifier: GPL-2.0
/* A kernel for the tests of wrapgen: what matters is the BTF that the compiler makes of it. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned long u64;
typedef _Bool bool;

struct device {
	void *driver_data;
	unsigned int id;
};

struct power_ops {
	int (*suspend)(struct device *dev);
};

struct report {
	unsigned int len;
	unsigned int count;
};

struct token {
	int number;
};

struct key {
	u64 words[2];
};

struct widget;
struct secret;

struct widget_ops {
	int (*open)(struct widget *w);
	void (*close)(struct widget *w);
	bool (*ready)(const struct widget *w, struct token token, u8 level);
	long (*report)(struct widget *w, struct report *report, void *text);
	void (*lines)(struct widget *w, const struct report *report, u64 *lines);
	int (*read)(struct widget *w, u8 *buf, u16 len);
	void (*move)(int a, int b, int c, int d, int e, int f, int g, int h, int i);
	void (*unlock)(struct widget *w, struct key key);
	struct key (*lock)(struct widget *w);
	struct {
		void (*stop)(struct device *dev);
		const struct power_ops *pm;
	} driver;
};

struct widget {
	char name[16];
	const struct widget_ops *ops;
	struct device dev;
	struct {
		u64 rx, tx;
	} stats;
	unsigned int up:1;
	unsigned int speed:10;
	union {
		unsigned int word;
		struct {
			u16 low, high;
		};
	};
	struct device *parent;
	void (*done)(struct widget *w);
	struct secret *secret;
};

struct packet {
	struct packet *next;
	struct device *dev;
	unsigned int len;
	u8 kind:3, mine:1, rest:4;
	u8 flags;
	u16 hash;
};

typedef void (*packet_fn_t)(struct packet *packet, int why);
typedef int (*handler_t)(int irq, void *cookie);

int widget_start(struct widget *w) { return 0; }
void widget_stop(void) { }
bool widget_turn(struct widget *w, bool on, u8 speed) { return 0; }
int widget_name(struct device *dev, const char *name, const char *alias) { return 0; }
u64 widget_copy(struct widget *w, void *to, const void *from, int len) { return 0; }
int widget_lines(struct widget *w, u64 *lines, unsigned int count, struct report *report) { return 0; }
int widget_request(struct widget *w, int irq, handler_t handler, void *cookie) { return 0; }
void widget_call(struct widget *w, void (*notify)(struct widget *w, int why)) { }
int widget_register(const struct widget_ops *ops, struct token token, int x, int fn) { return 0; }
void widget_stats(u64 *rx) { }
int widget_sum(int a, int b, int c, int d, int e, long f, u8 g, bool h, char *i) { return 0; }
int widget_print(const char *fmt, ...) { return 0; }
struct widget *widget_find(int id) { return 0; }
struct key widget_key(void) { return (struct key){}; }
void widget_unlock(struct key key) { }
void widget_secret(struct secret *secret) { }
void widget_bytes(u8 *bytes) { }
void widget_callback(void (*notify)(int why)) { }
void widget_reset(void) { }
void widget_handed_on(struct widget *w) { }
int widget_report(struct report *report, const struct token *token, struct widget *w) { return 0; }
int packet_send(struct packet *packet, const struct packet *like, int n) { return 0; }
void packet_drop(struct packet *packet, packet_fn_t fn) { }
void asm_copy(void) { }
int widget_paint(struct widget *w, int colour) { return 0; }
void widget_tint(struct widget *w) { }
