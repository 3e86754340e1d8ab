/*
 * RemoteFX Progressive over thousands of frames to one client, whose state is kept: tiles change, are sent complete, as first
 * passes, upgrades or differences, several of them in each region. What has reached full quality must at any time look as if
 * it had been sent at once to a new client. FRAMES in the environment says how many.
 */
#include "tests/rfx-oracle.h"

enum {
	WIDTH = 160, HEIGHT = 130,	// partial tiles at the right and at the bottom
	COLUMNS = 3, ROWS = 3, TILES = COLUMNS * ROWS,
	ROOM = 1 << 19,
	LOOK = 50,			// frames from one check to the next
#ifdef KG_SANITIZED
	FRAMES = 1000,
#else
	FRAMES = 10000,
#endif
};

static struct kg_dsp dsp;
static struct kg_rfx_batch batch;
static struct kg_progressive_ladder ladder;
static uint8_t bytes[ROOM];

/* What the server knows of a client. */
struct server {
	struct picture now, sent;	// what is to be shown, and the pixels that the client has been sent
	uint8_t pass[TILES];
	bool overflows[TILES];
};

static struct kg_progressive_tile tile_of(const struct picture *picture, uint32_t index)
{
	uint32_t x = index % COLUMNS, y = index / COLUMNS;

	return (struct kg_progressive_tile){
		.pixels = (const uint8_t *)(picture->pixels + (y * WIDTH + x) * 64),
		.stride = WIDTH * 4,
		.width = KG_MIN(WIDTH - x * 64, 64u),
		.height = KG_MIN(HEIGHT - y * 64, 64u),
		.x = (uint16_t)x,
		.y = (uint16_t)y,
		.from = KG_PROGRESSIVE_NEW,
		.to = (uint8_t)ladder.count,
	};
}

static bool send_tiles(struct oracle *to, struct kg_progressive_tile *tiles, uint32_t count)
{
	struct kg_writer writer = kg_writer_of(bytes, sizeof(bytes));
	struct kg_progressive region;
	struct kg_rect rects[TILES];

	for (uint32_t i = 0; i < count; i++)
		rects[i] = (struct kg_rect){ tiles[i].x * 64, tiles[i].y * 64, tiles[i].x * 64 + (int32_t)tiles[i].width,
					     tiles[i].y * 64 + (int32_t)tiles[i].height };
	kg_progressive_begin(&region, &writer, &ladder, KG_RFX_EXTRAPOLATE, to->frame % 100 == 0, to->frame, rects, count);
	kg_progressive_add(&region, NULL, 0,
			   kg_progressive_tiles(&dsp, &batch, &ladder, KG_RFX_EXTRAPOLATE, tiles, count, &writer));
	return !kg_progressive_end(&region) && oracle_decode(to, bytes, kg_writer_size(&writer));
}

static void copy_tile(const struct picture *from, const struct picture *to, uint32_t index)
{
	struct kg_progressive_tile tile = tile_of(to, index);

	for (uint32_t y = tile.y * 64u; y < tile.y * 64u + tile.height; y++)
		memcpy(to->pixels + y * WIDTH + tile.x * 64, from->pixels + y * WIDTH + tile.x * 64, tile.width * 4);
}

/* A change of a whole tile, of a part, or of a bit of the colours. */
static void change(struct server *server, uint32_t index)
{
	uint32_t left = index % COLUMNS * 64, top = index / COLUMNS * 64;

	switch (rnd() % 4) {
	case 0:
		draw(&server->now, (enum content)(rnd() % CONTENTS), left, top, 64, 64);
		break;
	case 1:
		server->now.pixels[(top + rnd() % 2) * WIDTH + left + rnd() % 32] ^= 0x40 << rnd() % 16;
		break;
	default:
		draw(&server->now, (enum content)(rnd() % CONTENTS), left + rnd() % 32, top + rnd() % 2, 1 + rnd() % 24,
		     1 + rnd() % 24);
	}
}

/* How a tile is sent now: new, or, where the client has something of its pixels, by the way that goes on from there. */
static struct kg_progressive_tile choose(struct server *server, uint32_t index)
{
	bool refine = server->pass[index] < ladder.count && rnd() % 4;
	struct kg_progressive_tile tile = tile_of(refine ? &server->sent : &server->now, index);

	if (refine) {
		tile.from = server->pass[index];
		tile.to = (uint8_t)(tile.from + 1 + rnd() % (ladder.count - tile.from));
	} else if (server->pass[index] == ladder.count && !server->overflows[index] && rnd() % 2) {
		tile.before = tile_of(&server->sent, index).pixels;
	} else if (rnd() % 3) {
		tile.to = (uint8_t)(rnd() % (ladder.count + 1));
	}
	return tile;
}

static bool run_frame(struct server *server, struct oracle *client)
{
	struct kg_progressive_tile tiles[TILES];
	uint32_t indices[TILES], count = 0;

	for (uint32_t index = 0; index < TILES; index++) {
		if (rnd() % 3 && (count || index + 1 < TILES))
			continue;
		change(server, index);
		tiles[count] = choose(server, index);
		indices[count++] = index;
	}
	/* The picture may change while it is sent; pixels of an upgrade may not. */
	for (uint32_t i = 0; i < count; i++)
		if (tiles[i].from == KG_PROGRESSIVE_NEW && !tiles[i].before) {
			copy_tile(&server->now, &server->sent, indices[i]);
			tiles[i].pixels = tile_of(&server->sent, indices[i]).pixels;
		}
	if (!send_tiles(client, tiles, count))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (tiles[i].before)
			copy_tile(&server->now, &server->sent, indices[i]);
		server->pass[indices[i]] = tiles[i].to;
		server->overflows[indices[i]] = tiles[i].overflows;
	}
	return true;
}

/* Sends what has reached full quality to a new client. Returns how many tiles differ. */
static uint32_t differences(const struct server *server, const struct oracle *client)
{
	struct oracle fresh = oracle_new(WIDTH, HEIGHT);
	uint32_t wrong = 0;

	for (uint32_t index = 0; index < TILES; index++)
		if (server->pass[index] == ladder.count) {
			struct kg_progressive_tile tile = tile_of(&server->sent, index);

			if (!send_tiles(&fresh, &tile, 1) ||
			    error_of(&client->screen, &fresh.screen, tile.x * 64u, tile.y * 64u, tile.width, tile.height) > 0)
				wrong++;
		}
	oracle_done(&fresh);
	return wrong;
}

int main(void)
{
	struct server server = { picture_new(WIDTH, HEIGHT), picture_new(WIDTH, HEIGHT), { 0 }, { 0 } };
	struct oracle client = oracle_new(WIDTH, HEIGHT);
	const char *wanted = getenv("FRAMES");
	long frames = wanted ? strtol(wanted, NULL, 10) : FRAMES, done = 0;
	uint32_t wrong = 0;

	tap_seed_init();
	kg_dsp_init(&dsp, kg_cpu_best());
	kg_rfx_batch_init(&batch, malloc(kg_rfx_batch_size(4)), 4);
	kg_progressive_ladder_fine(&ladder);
	memset(server.pass, KG_PROGRESSIVE_NEW, sizeof(server.pass));
	while (done < frames && !wrong && run_frame(&server, &client))
		if (++done % LOOK == 0 || done == frames)
			wrong = differences(&server, &client);
	ok(done == frames, "FreeRDP decodes %ld frames whose tiles build on each other", done);
	ok(!wrong, "tiles of full quality look as if they had been sent at once");
	oracle_done(&client);
	picture_done(&server.now);
	picture_done(&server.sent);
	return tap_end();
}
