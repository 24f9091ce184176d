#pragma once
#include <stddef.h>
#include <stdint.h>

typedef int32_t psa_status_t;
typedef uint32_t psa_algorithm_t;
typedef uint16_t psa_key_type_t;
typedef uint32_t psa_key_usage_t;
typedef uint32_t psa_key_id_t;
typedef struct {
    uint32_t opaque[16];
} psa_hash_operation_t;
typedef struct {
    uint32_t opaque[12];
} psa_key_attributes_t;

#define PSA_SUCCESS ((psa_status_t)0)
#define PSA_ERROR_INVALID_SIGNATURE ((psa_status_t)-149)
#define PSA_HASH_OPERATION_INIT \
    { \
        {} \
    }
#define PSA_KEY_ATTRIBUTES_INIT \
    { \
        {} \
    }
#define PSA_ALG_SHA_256 ((psa_algorithm_t)0x02000009)
#define PSA_ALG_ECDSA(hash_alg) ((psa_algorithm_t)(0x06000600 | ((hash_alg)&0xff)))
#define PSA_ECC_FAMILY_SECP_R1 ((uint8_t)0x12)
#define PSA_KEY_TYPE_ECC_PUBLIC_KEY(curve) ((psa_key_type_t)(0x4100 | (curve)))
#define PSA_KEY_USAGE_VERIFY_HASH ((psa_key_usage_t)0x00002000)

#ifdef __cplusplus
extern "C" {
#endif
psa_status_t psa_crypto_init(void);
psa_status_t psa_hash_setup(psa_hash_operation_t* operation, psa_algorithm_t algorithm);
psa_status_t psa_hash_update(psa_hash_operation_t* operation, const uint8_t* input, size_t length);
psa_status_t psa_hash_finish(psa_hash_operation_t* operation, uint8_t* hash, size_t size, size_t* length);
psa_status_t psa_hash_abort(psa_hash_operation_t* operation);
void psa_set_key_usage_flags(psa_key_attributes_t* attributes, psa_key_usage_t usage);
void psa_set_key_algorithm(psa_key_attributes_t* attributes, psa_algorithm_t algorithm);
void psa_set_key_type(psa_key_attributes_t* attributes, psa_key_type_t type);
psa_status_t psa_import_key(const psa_key_attributes_t* attributes, const uint8_t* data, size_t length,
                            psa_key_id_t* key);
psa_status_t psa_verify_hash(psa_key_id_t key, psa_algorithm_t algorithm, const uint8_t* hash, size_t hash_length,
                             const uint8_t* signature, size_t signature_length);
psa_status_t psa_destroy_key(psa_key_id_t key);
#ifdef __cplusplus
}
#endif
