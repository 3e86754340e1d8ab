/* A GLES 3 context without a window: hardware by EGL_EXT_platform_device, software by EGL_MESA_platform_surfaceless. */
#define KG_TOPIC "demo"
#include "server/desktop/demo/egl.h"

#include "base/log.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES3/gl3.h>
#include <GLES2/gl2ext.h>

#ifdef KG_SANITIZED
/*
 * Mesa (libgallium, before 24.3 swrast_dri) has threads and code made at run time that the thread sanitizer cannot see into:
 * it takes what they hand over by futex and barriers of their own for races.
 */
__attribute__((visibility("default"))) const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "race:libgallium\nrace:swrast_dri\n";
}
#endif

#define DEVICES_MAX 16
#define FINISH_NS 5000000000u

struct kg_egl {
	EGLDisplay display;
	EGLContext context;
	uint32_t width, height;
	GLuint framebuffer, colour, depth;
	GLsync fence;				// after the last end, until it was passed
	PFNGLGETGRAPHICSRESETSTATUSEXTPROC reset_status;	// NULL: the driver does not tell
};

static bool has(const char *extensions, const char *name)
{
	size_t length = strlen(name);

	for (const char *p = extensions; p && (p = strstr(p, name)); p += length)
		if ((p == extensions || p[-1] == ' ') && (p[length] == ' ' || p[length] == '\0'))
			return true;
	return false;
}

/* Initializes display and makes a GLES 3 context on it current. Leaves nothing behind on failure. */
static bool make_context(struct kg_egl *egl, EGLDisplay display)
{
	const EGLint want_config[] = { EGL_SURFACE_TYPE, 0, EGL_RENDERABLE_TYPE, EGL_OPENGL_ES3_BIT, EGL_NONE };
	const EGLint robust[] = { EGL_CONTEXT_MAJOR_VERSION, 3, EGL_CONTEXT_MINOR_VERSION, 0,
				  EGL_CONTEXT_OPENGL_RESET_NOTIFICATION_STRATEGY, EGL_LOSE_CONTEXT_ON_RESET, EGL_NONE };
	const EGLint plain[] = { EGL_CONTEXT_MAJOR_VERSION, 3, EGL_CONTEXT_MINOR_VERSION, 0, EGL_NONE };
	const char *extensions;
	EGLConfig config = EGL_NO_CONFIG_KHR;
	EGLContext context = EGL_NO_CONTEXT;
	EGLint major, minor, count = 0;

	if (display == EGL_NO_DISPLAY || !eglInitialize(display, &major, &minor))
		return false;
	extensions = eglQueryString(display, EGL_EXTENSIONS);
	if (!has(extensions, "EGL_KHR_surfaceless_context") || !eglBindAPI(EGL_OPENGL_ES_API))
		goto fail;
	if (!has(extensions, "EGL_KHR_no_config_context") &&
	    (!eglChooseConfig(display, want_config, &config, 1, &count) || count < 1))
		goto fail;
	if (major > 1 || minor >= 5)
		context = eglCreateContext(display, config, EGL_NO_CONTEXT, robust);
	if (context == EGL_NO_CONTEXT)
		context = eglCreateContext(display, config, EGL_NO_CONTEXT, plain);
	if (context == EGL_NO_CONTEXT)
		goto fail;
	if (!eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context)) {
		eglDestroyContext(display, context);
		goto fail;
	}
	egl->display = display;
	egl->context = context;
	return true;

fail:
	eglTerminate(display);
	return false;
}

static bool is_hardware(EGLDeviceEXT device, PFNEGLQUERYDEVICESTRINGEXTPROC query_string)
{
	const char *extensions = query_string(device, EGL_EXTENSIONS);

	return !has(extensions, "EGL_MESA_device_software") &&
	       (has(extensions, "EGL_EXT_device_drm") || has(extensions, "EGL_NV_device_cuda"));
}

/* A hardware device first; then Mesa's surfaceless platform, which finds the software renderer where there is no device. */
static bool open_display(struct kg_egl *egl)
{
	PFNEGLQUERYDEVICESEXTPROC query_devices = (void *)eglGetProcAddress("eglQueryDevicesEXT");
	PFNEGLQUERYDEVICESTRINGEXTPROC query_string = (void *)eglGetProcAddress("eglQueryDeviceStringEXT");
	PFNEGLGETPLATFORMDISPLAYEXTPROC get_display = (void *)eglGetProcAddress("eglGetPlatformDisplayEXT");
	const char *client = eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS);
	EGLDeviceEXT devices[DEVICES_MAX];
	EGLint count = 0;

	/* Mesa's cache on disk is written by a thread of its own, whenever: the sandbox, which closes soon, would kill us. */
	setenv("MESA_SHADER_CACHE_DISABLE", "true", 1);
	if (!get_display)
		return false;
	if (query_devices && query_string && has(client, "EGL_EXT_platform_device"))
		query_devices(DEVICES_MAX, devices, &count);
	for (EGLint i = 0; i < count; i++) {
		if (!is_hardware(devices[i], query_string))
			continue;
		if (make_context(egl, get_display(EGL_PLATFORM_DEVICE_EXT, devices[i], NULL)))
			return true;
	}
	if (has(client, "EGL_MESA_platform_surfaceless") &&
	    make_context(egl, get_display(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL)))
		return true;
	for (EGLint i = 0; i < count; i++)
		if (make_context(egl, get_display(EGL_PLATFORM_DEVICE_EXT, devices[i], NULL)))
			return true;
	return false;
}

int kg_egl_new(struct kg_egl **ret, const char **why)
{
	struct kg_egl *egl = calloc(1, sizeof(*egl));
	const char *extensions;
	int r;

	*why = "out of memory";
	if (!egl)
		return -ENOMEM;
	r = -ENODEV;
	*why = "EGL finds no driver for OpenGL ES 3 without a window (Debian: apt install libegl1 libgl1-mesa-dri)";
	if (!open_display(egl))
		goto fail;
	extensions = (const char *)glGetString(GL_EXTENSIONS);
	*why = "the OpenGL ES driver cannot read BGRA pixels (GL_EXT_read_format_bgra)";
	if (!has(extensions, "GL_EXT_read_format_bgra"))
		goto fail;
	if (has(extensions, "GL_EXT_robustness"))
		egl->reset_status = (void *)eglGetProcAddress("glGetGraphicsResetStatusEXT");
	glGenFramebuffers(1, &egl->framebuffer);
	glGenRenderbuffers(1, &egl->colour);
	glGenRenderbuffers(1, &egl->depth);
	*ret = egl;
	return 0;

fail:
	kg_egl_free(egl);
	return r;
}

void kg_egl_free(struct kg_egl *egl)
{
	if (!egl)
		return;
	if (egl->context) {
		if (egl->fence)
			glDeleteSync(egl->fence);
		glDeleteFramebuffers(1, &egl->framebuffer);
		glDeleteRenderbuffers(1, &egl->colour);
		glDeleteRenderbuffers(1, &egl->depth);
		eglMakeCurrent(egl->display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
		eglDestroyContext(egl->display, egl->context);
		eglTerminate(egl->display);
		eglReleaseThread();
	}
	free(egl);
}

const char *kg_egl_renderer(const struct kg_egl *egl)
{
	const char *name = (const char *)glGetString(GL_RENDERER);

	return name ? name : "an unnamed renderer";
}

/* Errors of GL pile up until asked for; a lost context answers with one for every call. */
static int check(struct kg_egl *egl)
{
	GLenum error = glGetError();

	if (egl->reset_status && egl->reset_status() != GL_NO_ERROR)
		return -ENODEV;
	if (error == GL_NO_ERROR)
		return 0;
	for (int i = 0; i < 16 && glGetError() != GL_NO_ERROR; i++)
		continue;
	return error == GL_OUT_OF_MEMORY ? -ENOMEM : -EIO;
}

int kg_egl_resize(struct kg_egl *egl, uint32_t width, uint32_t height)
{
	GLint limit = 0;
	int r;

	glGetIntegerv(GL_MAX_RENDERBUFFER_SIZE, &limit);
	if (!width || !height || width > (uint32_t)limit || height > (uint32_t)limit)
		return -EINVAL;
	egl->width = egl->height = 0;
	glBindRenderbuffer(GL_RENDERBUFFER, egl->colour);
	glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, (GLsizei)width, (GLsizei)height);
	glBindRenderbuffer(GL_RENDERBUFFER, egl->depth);
	glRenderbufferStorage(GL_RENDERBUFFER, GL_DEPTH_COMPONENT24, (GLsizei)width, (GLsizei)height);
	glBindFramebuffer(GL_FRAMEBUFFER, egl->framebuffer);
	glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, egl->colour);
	glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_DEPTH_ATTACHMENT, GL_RENDERBUFFER, egl->depth);
	r = check(egl);
	if (r < 0)
		return r;
	if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
		return -EIO;
	egl->width = width;
	egl->height = height;
	return 0;
}

int kg_egl_begin(struct kg_egl *egl)
{
	if (!egl->width)
		return -EINVAL;
	if (egl->fence) {
		glDeleteSync(egl->fence);
		egl->fence = NULL;
	}
	glBindFramebuffer(GL_FRAMEBUFFER, egl->framebuffer);
	glViewport(0, 0, (GLsizei)egl->width, (GLsizei)egl->height);
	return check(egl);
}

int kg_egl_end(struct kg_egl *egl)
{
	egl->fence = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
	glFlush();
	return egl->fence ? check(egl) : -EIO;
}

static int wait_fence(struct kg_egl *egl, uint64_t timeout_ns)
{
	if (!egl->fence)
		return 1;
	switch (glClientWaitSync(egl->fence, 0, timeout_ns)) {
	case GL_ALREADY_SIGNALED:
	case GL_CONDITION_SATISFIED:
		glDeleteSync(egl->fence);
		egl->fence = NULL;
		return 1;
	case GL_TIMEOUT_EXPIRED:
		return 0;
	default:
		return -EIO;
	}
}

int kg_egl_ready(struct kg_egl *egl)
{
	return wait_fence(egl, 0);
}

int kg_egl_finish(struct kg_egl *egl)
{
	int r = wait_fence(egl, FINISH_NS);

	return r < 0 ? r : r ? 0 : -ETIMEDOUT;
}

int kg_egl_read(struct kg_egl *egl, uint8_t *pixels)
{
	glBindFramebuffer(GL_FRAMEBUFFER, egl->framebuffer);
	glPixelStorei(GL_PACK_ALIGNMENT, 4);
	glReadPixels(0, 0, (GLsizei)egl->width, (GLsizei)egl->height, GL_BGRA_EXT, GL_UNSIGNED_BYTE, pixels);
	return check(egl);
}
