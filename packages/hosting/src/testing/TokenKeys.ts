/** A key pair for tests alone: what one process signs, another accepts. */
const publicKey =
  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELN2XjQdo1f19DBr1GU4ghQJtf4cHMbW31HIqdChdE9TLFZ2OAYYvIdg/o4OCgUahYy53n1RCi3eDByJGOASc9A=="
const privateKey =
  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/PdCBxwe4j01wjWnK7A+teYh0kFdtL09qr88Ak7j32GhRANCAAQs3ZeNB2jV/X0MGvUZTiCFAm1/hwcxtbfUcip0KF0T1MsVnY4Bhi8h2D+jg4KBRqFjLnefVEKLd4MHIkY4BJz0"

/** What a service is given. */
export const checking = { AUTH_PUBLIC_KEY: publicKey }

/** What makes its tokens is given. */
export const issuing = { ...checking, AUTH_SIGNING_KEY: privateKey }
