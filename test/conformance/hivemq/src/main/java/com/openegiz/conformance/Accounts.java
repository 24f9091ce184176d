package com.openegiz.conformance;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The accounts of the inventory, from lines of: account, kind, password or "-", then rights such as "read a/#". */
record Accounts(Map<String, Account> byName, X509CRL revoked) {

    record Account(String name, boolean service, String password, List<Right> rights) {}

    record Right(boolean write, String filter) {}

    static Accounts read(final Path directory) throws Exception {
        final Map<String, Account> accounts = new HashMap<>();
        for (final String line : Files.readAllLines(directory.resolve("accounts.tsv"))) {
            final String[] fields = line.split("\t");
            final List<Right> rights = new ArrayList<>();
            for (int index = 3; index < fields.length; index++) {
                final String[] words = fields[index].split(" ", 2);
                rights.add(new Right(words[0].equals("write"), words[1]));
            }
            final String password = fields[2].equals("-") ? null : fields[2];
            accounts.put(fields[0], new Account(fields[0], fields[1].equals("service"), password, rights));
        }
        try (InputStream in = Files.newInputStream(directory.resolve("clients.crl"))) {
            return new Accounts(accounts, (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(in));
        }
    }
}
