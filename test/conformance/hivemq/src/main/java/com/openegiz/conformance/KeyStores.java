package com.openegiz.conformance;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;

/** The PEM files of the inventory's pki as the key stores that HiveMQ reads. */
final class KeyStores {

    static final char[] PASSWORD = "changeit".toCharArray();

    static void make(final Path directory) throws Exception {
        final KeyStore server = empty();
        final Certificate[] chain = {certificate(directory.resolve("server.crt"))};
        server.setKeyEntry("server", key(directory.resolve("server.key")), PASSWORD, chain);
        write(server, directory.resolve("server.jks"));
        for (final String authority : new String[] {"ca", "services-ca"}) {
            final KeyStore trust = empty();
            trust.setCertificateEntry(authority, certificate(directory.resolve(authority + ".crt")));
            write(trust, directory.resolve(authority + ".jks"));
        }
    }

    private static KeyStore empty() throws Exception {
        final KeyStore store = KeyStore.getInstance("JKS");
        store.load(null, PASSWORD);
        return store;
    }

    private static void write(final KeyStore store, final Path file) throws Exception {
        try (OutputStream out = Files.newOutputStream(file)) {
            store.store(out, PASSWORD);
        }
    }

    private static Certificate certificate(final Path file) throws Exception {
        try (InputStream in = Files.newInputStream(file)) {
            return CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    private static PrivateKey key(final Path file) throws Exception {
        final String pem = Files.readString(file).replaceAll("-----[A-Z ]+-----|\\s", "");
        final byte[] der = Base64.getDecoder().decode(pem);
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    private KeyStores() {}
}
