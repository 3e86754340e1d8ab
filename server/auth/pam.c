/* Log-in by PAM. */
#define KG_TOPIC "pam"

#include "server/auth/pam.h"

#include "base/log.h"

#include <security/pam_appl.h>

static void free_answers(struct pam_response *answers, int count)
{
	for (int i = 0; i < count; i++) {
		if (answers[i].resp)
			explicit_bzero(answers[i].resp, strlen(answers[i].resp));
		free(answers[i].resp);
	}
	free(answers);
}

/* Answers the question for a password, and no other. What is information for a person, nobody is there to read. */
static int converse(int count, const struct pam_message **messages, struct pam_response **ret, void *data)
{
	struct pam_response *answers;

	if (count <= 0 || count > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	answers = calloc((size_t)count, sizeof(*answers));
	if (!answers)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++) {
		bool asked = messages[i]->msg_style == PAM_PROMPT_ECHO_OFF;

		if (asked)
			answers[i].resp = strdup(data);
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_ON || (asked && !answers[i].resp)) {
			free_answers(answers, i);
			return PAM_CONV_ERR;
		}
	}
	*ret = answers;
	return PAM_SUCCESS;
}

int kg_pam_check(const char *service, const char *user, const char *password, char ret_user[KG_NAME_MAX])
{
	struct pam_conv conversation = { converse, (void *)password };
	const void *name = NULL;
	pam_handle_t *pam = NULL;
	int status = pam_start(service, user, &conversation, &pam), r = 0;

	if (status != PAM_SUCCESS)
		return kg_err(-EIO, "PAM does not start with the service %s", service);
	status = pam_authenticate(pam, PAM_DISALLOW_NULL_AUTHTOK);
	if (status == PAM_SUCCESS)
		status = pam_acct_mgmt(pam, PAM_DISALLOW_NULL_AUTHTOK);
	if (status == PAM_SUCCESS)
		status = pam_get_item(pam, PAM_USER, &name);
	if (status != PAM_SUCCESS)
		r = -EACCES;
	else if (!name || strnlen(name, KG_NAME_MAX) >= KG_NAME_MAX)
		r = -ENAMETOOLONG;
	else
		strcpy(ret_user, name);
	if (status == PAM_ABORT || status == PAM_SYSTEM_ERR || status == PAM_SERVICE_ERR || status == PAM_AUTHINFO_UNAVAIL)
		(void)kg_err(-EIO, "PAM service %s: %s", service, pam_strerror(pam, status));
	(void)pam_end(pam, status);
	return r;
}
