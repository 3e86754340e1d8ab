/* The glyph cache: small rectangles that come again ([MS-RDPEGFX] 3.3.1.9). The oldest gives way. */
#include "codec/clear-impl.h"

#define PRIME ((UINT64_C(1) << 61) - 1)

/* value * factor + term modulo 2^61 - 1, below 2^61 + 8. */
static inline uint64_t multiply_add(uint64_t value, uint64_t factor, uint64_t term)
{
	unsigned __int128 product = (unsigned __int128)value * factor + term;
	uint64_t sum = ((uint64_t)product & PRIME) + (uint64_t)(product >> 61);

	return (sum & PRIME) + (sum >> 61);
}

/* The slot holds pixels in a line, without width and height (4.1.1.5), and so does the hash: a polynomial of the
 * pixels, two at a time, at two secret places. */
struct kg_clear_hash kg_clear_glyph_hash(const struct kg_clear *clear, const struct kg_image *image)
{
	uint64_t r = ((uint64_t)clear->key[0] << 32 | clear->key[1]) & PRIME;
	uint64_t s = ((uint64_t)clear->key[2] << 32 | clear->key[3]) & PRIME;
	struct kg_clear_hash hash = { 1, 1 };
	uint64_t pair = 0;
	uint32_t n = 0;

	for (uint32_t y = 0; y < image->height; y++)
		for (uint32_t x = 0; x < image->width; x++) {
			pair = pair << 24 | clear_pixel(kg_image_at(image, x, y));
			if (!(++n % 2)) {
				hash.a = multiply_add(hash.a, r, pair);
				hash.b = multiply_add(hash.b, s, pair);
				pair = 0;
			}
		}
	hash.a = multiply_add(hash.a, r, pair);
	hash.b = multiply_add(hash.b, s, pair);
	return hash;
}

static uint32_t head_of(struct kg_clear_hash hash)
{
	return (uint32_t)(hash.a * UINT64_C(0x9e3779b97f4a7c15) >> 52);
}

uint32_t kg_clear_glyph_find(const struct kg_clear *clear, struct kg_clear_hash hash, uint32_t area)
{
	const struct kg_clear_glyphs *g = &clear->glyphs;
	uint32_t slot = g->head[head_of(hash)];

	while (slot != CLEAR_NONE && (!clear_hash_equal(g->hash[slot], hash) || g->area[slot] != area))
		slot = g->chain[slot];
	return slot;
}

uint32_t kg_clear_glyph_store(struct kg_clear *clear, struct kg_clear_hash hash, uint32_t area)
{
	struct kg_clear_glyphs *g = &clear->glyphs;
	uint32_t slot = g->next;

	g->next = (slot + 1) % KG_CLEAR_GLYPHS;
	if (g->area[slot])
		clear_unchain(&g->head[head_of(g->hash[slot])], g->chain, slot);
	g->hash[slot] = hash;
	g->area[slot] = (uint16_t)area;
	clear_chain(&g->head[head_of(hash)], g->chain, slot);
	return slot;
}

void kg_clear_glyphs_forget(struct kg_clear *clear)
{
	memset(clear->glyphs.head, 0xff, sizeof(clear->glyphs.head));
	memset(clear->glyphs.area, 0, sizeof(clear->glyphs.area));
	clear->glyphs.next = 0;
}
