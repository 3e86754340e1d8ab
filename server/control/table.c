/* What a message set allows. */
#include "server/control/table.h"

const struct kg_message_type *kg_message_type_find(const struct kg_message_set *set, uint16_t id)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->types[i].id == id)
			return &set->types[i];
	return NULL;
}

size_t kg_message_set_size_max(const struct kg_message_set *set)
{
	size_t max = 0;

	for (size_t i = 0; i < set->count; i++)
		max = KG_MAX(max, (size_t)set->types[i].max);
	return sizeof(struct kg_message_head) + max;
}

const char *kg_message_refusal(const struct kg_message_set *set, enum kg_side side, unsigned phase, const void *bytes,
			       size_t size, size_t fd_count, const struct kg_message_type **ret)
{
	struct kg_message_head head;
	const struct kg_message_type *type;

	*ret = NULL;
	if (size < sizeof(head))
		return "its size is out of all limits";
	memcpy(&head, bytes, sizeof(head));
	size -= sizeof(head);
	*ret = type = kg_message_type_find(set, head.id);
	if (!type || head.zero)
		return "it is not in the table";
	if (type->from == side)
		return "the wrong direction";
	if (!(type->phases & phase))
		return "not now";
	if (size < type->min || size > type->max)
		return "the wrong size";
	if (fd_count != (type->fd ? 1 : 0))
		return "the wrong number of descriptors";
	return NULL;
}
