INSERT INTO images VALUES ('überall', 'mysql:8.4'); -- imagelock: mysql
INSERT INTO images VALUES ('none:1');
