// SPDX-License-Identifier: GPL-2.0
/* Devices that recovery must treat otherwise than others: the "device" statement, and the table that it makes. */
#include <stdio.h>
#include <string.h>

#include "emit.h"
#include "model.h"

/* A PCI number, as lspci prints it; it can't be any. */
static unsigned int read_number(const struct value *v)
{
	unsigned int number;
	int len = 0;

	if (v->nr_args || strlen(v->text) != 4 || strspn(v->text, "0123456789abcdef") != 4 ||
	    sscanf(v->text, "%x%n", &number, &len) != 1 || number == 0xffff) {
		complain(v->pos, "'%s' is no PCI number: four digits as of lspci -n", v->text);
		return 0;
	}
	return number;
}

void device_declare(const struct statement *s)
{
	struct device device = { .pos = s->pos, .name = s->name };
	bool has_numbers = false, stops = false;

	for (unsigned int i = 0; i < s->nr_clauses; i++) {
		const struct clause *cl = &s->clauses[i];

		if (!strcmp(cl->name, "pci") && cl->nr_values == 2) {
			device.vendor = read_number(&cl->values[0]);
			device.device = read_number(&cl->values[1]);
			has_numbers = true;
		} else if (!strcmp(cl->name, "pci")) {
			complain(cl->pos, "'pci' takes the numbers of vendor and device");
			has_numbers = true;
		} else if (!strcmp(cl->name, "needs-stop") && !cl->nr_values) {
			stops = true;
		} else {
			complain(cl->pos, "device takes no '%s'", cl->name);
		}
	}
	if (!has_numbers)
		complain(s->pos, "which device is %s? expected pci=VENDOR,DEVICE", s->name);
	if (!stops)
		complain(s->pos, "nothing is said of device %s: expected needs-stop", s->name);
	for (unsigned int i = 0; i < model.nr_devices; i++) {
		if (device.vendor && device.device && model.devices[i].vendor == device.vendor &&
		    model.devices[i].device == device.device)
			complain(s->pos, "device %s is %s already", s->name, model.devices[i].name);
	}
	ADD(model.devices, model.nr_devices) = device;
}

void emit_devices(FILE *f)
{
	fputs("#include <linux/mod_devicetable.h>\n#include \"pci.h\"\n\n"
	      "const struct pci_device_id nooks_pci_to_stop[] = {\n", f);
	for (unsigned int i = 0; i < model.nr_devices; i++) {
		const struct device *d = &model.devices[i];

		fprintf(f, "\t{ .vendor = 0x%04x, .device = 0x%04x, .subvendor = PCI_ANY_ID, .subdevice = PCI_ANY_ID },\t/* %s */\n",
			d->vendor, d->device, d->name);
	}
	fputs("\t{}\n};\n", f);
}
