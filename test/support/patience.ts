/** How many times slower this host is than an ordinary one (JAILD_TEST_PATIENCE): limits of waiting are multiplied by it. */
export const patience = Number(process.env['JAILD_TEST_PATIENCE'] ?? 1);
