"""Every reason CAD gives for refusing, setting aside or warning, as data.

A reason is the machine-readable half of an error; its texts are what `cad validate --report` and the reference
page print. Codes are part of the contract with the platforms: they are added, never renamed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class Kind(StrEnum):
    """What a reason does to the thing it is said of."""

    REFUSAL = "refusal"
    """The whole batch or request is refused; the warehouse is untouched."""
    DEFECT = "defect"
    """The data line is set aside and counts against the file's limit."""
    OUT_OF_SCOPE = "out_of_scope"
    """The data line is set aside and does not count against the limit."""
    WARNING = "warning"
    """The data line or row is kept; the platform should look at it."""


class Reason(NamedTuple):
    """One reason: its kind and what it means, in English and French."""

    kind: Kind
    en: str
    fr: str


_REFUSAL: Final[dict[str, tuple[str, str]]] = {
    "manifest_missing": ("The directory holds no manifest.json.", "Le dossier ne contient pas de manifest.json."),
    "manifest_invalid": ("manifest.json does not follow cad-batch/1.", "manifest.json ne suit pas cad-batch/1."),
    "kind_not_supported": ("A file's kind is not supported yet.", "Le type d'un fichier n'est pas encore pris en charge."),
    "path_not_allowed": ("A path leaves the batch directory.", "Un chemin sort du dossier du lot."),
    "file_missing": ("A file that the manifest names is absent.", "Un fichier cité par le manifeste est absent."),
    "checksum_mismatch": ("A file's SHA-256 is not the declared one.", "Le SHA-256 d'un fichier n'est pas celui déclaré."),
    "bgzf_truncated": ("A compressed file lacks its closing BGZF block.", "Un fichier compressé n'a pas son bloc BGZF final."),
    "bgzf_corrupt": ("A compressed file cannot be decompressed.", "Un fichier compressé est illisible."),
    "bcf_malformed": ("A BCF file cannot be decoded.", "Un fichier BCF est illisible."),
    "header_malformed": ("The VCF header breaks the specification.", "L'en-tête VCF n'est pas conforme."),
    "assembly_mismatch": ("A contig's length contradicts the assembly.", "La longueur d'un contig contredit l'assemblage."),
    "assembly_unknown": ("No header tells the assembly; name it.", "Aucun en-tête ne dit l'assemblage ; indiquez-le."),
    "pedigree_malformed": ("A pedigree (PED) file breaks the format.", "Un fichier de pedigree (PED) n'est pas conforme."),
    "file_unsorted": ("Records are not sorted by contig and position.", "Les enregistrements ne sont pas triés."),
    "pos_unusable": ("A POS is not a whole number.", "Une position (POS) n'est pas un nombre entier."),
    "records_mismatch": ("The file does not hold the declared number of records.", "Le nombre d'enregistrements n'est pas celui déclaré."),
    "too_many_defects": ("More defective records than the limit allows.", "Trop d'enregistrements défectueux."),
    "receipt_unbalanced": ("The receipt's sums do not reconcile.", "Les totaux du reçu ne concordent pas."),
    "bed_malformed": ("A BED file breaks the format.", "Un fichier BED n'est pas conforme."),
    "sheet_malformed": ("A table is not tab-separated text with a header.", "Un tableau n'est pas un texte tabulé avec en-tête."),
    "sheet_unknown_column": ("A table has a column that is not defined.", "Un tableau a une colonne non définie."),
    "sheet_missing_column": ("A table lacks a required column.", "Il manque une colonne obligatoire à un tableau."),
    "sheet_value": ("A table holds a value that is not allowed.", "Un tableau contient une valeur non permise."),
    "sample_duplicate": ("A sample is named twice.", "Un échantillon est cité deux fois."),
    "sample_unlisted": ("A VCF column has no row in the sample sheet.", "Une colonne VCF n'a pas de ligne dans la feuille d'échantillons."),
    "sample_absent": ("A row of the sample sheet has no VCF column.", "Une ligne de la feuille n'a pas de colonne VCF."),
    "sample_overlap": ("A sample's files overlap in kind and contigs.", "Les fichiers d'un échantillon se recouvrent."),
    "person_conflict": ("Rows or documents of one person contradict each other.", "Les lignes ou documents d'une même personne se contredisent."),
    "document_malformed": ("A clinical document is not JSON, or breaks its format.", "Un document clinique n'est pas du JSON, ou n'est pas conforme."),
    "document_unknown": ("A file is no clinical document that CAD reads.", "Un fichier n'est pas un document clinique que CAD sait lire."),
    "identifying_data": ("A document holds direct identifiers.", "Un document contient des données identifiantes."),
    "batch_conflict": ("The batch id exists with other bytes; push with --replace.", "Ce lot existe avec un autre contenu ; utilisez --replace."),
    "warehouse_missing": ("There is no warehouse at this place.", "Il n'y a pas d'entrepôt à cet endroit."),
    "warehouse_exists": ("A warehouse exists at this place.", "Un entrepôt existe déjà à cet endroit."),
    "network_filesystem": ("SQLite's registry needs a local disk.", "Le registre SQLite exige un disque local."),
    "registry_unusable": ("The registry cannot be reached or opened.", "Le registre est injoignable ou illisible."),
    "store_unusable": ("The lake's object store cannot be reached or read.", "Le stockage objet du lac est injoignable ou illisible."),
    "store_versioned": ("The object store keeps versions of what is deleted.", "Le stockage objet conserve des versions de ce qui est effacé."),
    "key_unusable": ("A key file is missing or is not a key.", "Un fichier de clé est absent ou n'en est pas une."),
    "registry_version": ("The registry's schema is of another version.", "Le schéma du registre est d'une autre version."),
    "session_expired": ("The writer's lease ended before its commit.", "Le bail de l'écrivain a expiré avant la validation."),
    "staged_file_lost": ("A staged file is gone or of another size.", "Un fichier préparé a disparu ou changé de taille."),
    "worker_lost": ("A reading process ended; memory may have run out.", "Un processus de lecture s'est arrêté ; mémoire épuisée ?"),
    "base_conflict": ("Another build committed first.", "Une autre construction a été validée avant."),
    "compaction_conflict": ("Samples being compacted were removed or moved meanwhile.", "Des échantillons en cours de compaction ont été retirés ou déplacés."),
    "lake_file_damaged": ("A file of the lake is missing or altered.", "Un fichier du lac est absent ou altéré."),
    "batch_unknown": ("No batch has this id.", "Aucun lot n'a cet identifiant."),
    "person_unknown": ("No person has this pseudonym.", "Aucune personne n'a ce pseudonyme."),
    "sample_unknown": ("No sample has this id.", "Aucun échantillon n'a cet identifiant."),
    "sample_ambiguous": ("Samples of several batches have this id; name the batch.", "Des échantillons de plusieurs lots ont cet identifiant ; nommez le lot."),
    "correction_conflict": ("Rows of corrections contradict each other.", "Des lignes de corrections se contredisent."),
    "family_unknown": ("No family has this id.", "Aucune famille n'a cet identifiant."),
    "variant_malformed": ("A variant is not written contig-pos-ref-alt.", "Un variant n'est pas écrit contig-pos-ref-alt."),
    "region_malformed": ("A region is not written contig:start-end.", "Une région n'est pas écrite contig:début-fin."),
    "stratum_unknown": ("The base has no such stratum.", "La base n'a pas cette strate."),
    "purpose_unknown": ("There is no such purpose.", "Cette finalité n'existe pas."),
    "release_unknown": ("There is no release of this name.", "Aucune version publiée ne porte ce nom."),
    "explain_mismatch": ("The terms of an explanation do not come to the base's figures.", "Les termes de l'explication ne donnent pas les chiffres de la base."),
    "base_missing": ("Nothing has been built yet.", "Aucune base n'a encore été construite."),
    "snapshot_erased": ("The pinned state was erased by a withdrawal.", "L'état lu a été effacé par un retrait."),
    "reference_malformed": ("The reference FASTA cannot be used.", "La référence FASTA est inutilisable."),
    "variant_not_located": ("The name says a change, but not where it lies.", "Le nom décrit un changement sans que sa place puisse être trouvée."),
    "variant_unknown": ("No source that is loaded knows the variant by this name.", "Aucune source chargée ne connaît ce variant sous ce nom."),
    "variant_ambiguous": ("The name fits several variants.", "Ce nom désigne plusieurs variants."),
    "consequence_unknown": ("There is no such consequence or impact.", "Cette conséquence ou cet impact n'existe pas."),
    "gene_unknown": ("No gene of the loaded gene model has this name.", "Aucun gène du modèle chargé ne porte ce nom."),
    "genes_missing": ("No gene model is loaded.", "Aucun modèle de gènes n'est chargé."),
    "assembly_mismatch_query": ("The question is about another assembly.", "La question porte sur un autre assemblage."),
    "ref_mismatch_query": ("The variant's REF disagrees with the reference.", "Le REF du variant contredit la référence."),
    "field_name_collision": ("Two stratum values give one VCF field name.", "Deux valeurs de strate donnent le même nom de champ."),
    "output_exists": ("The output exists already.", "La sortie existe déjà."),
    "sql_refused": ("The statement is not a single read-only query.", "La requête n'est pas une lecture seule unique."),
    "nobody_takes_part": ("No person counts for this purpose, so that none can be analysed.", "Aucune personne ne compte pour cet usage : rien à analyser."),
    "parameter_unknown": ("An analysis has no such parameter, or it cannot have this value.", "L'analyse n'a pas ce paramètre, ou il ne peut avoir cette valeur."),
    "phenotype_unknown": ("The phenotype cannot be told apart among those who take part.", "Le phénotype ne distingue pas les participants."),
    "analysis_unknown": ("The project has no such table of an analysis.", "Le projet n'a pas cette table d'analyse."),
    "matrix_unusable": ("It is no MatrixTable or VDS that can be written as VCF.", "Ce n'est pas une MatrixTable ou une VDS qui puisse s'écrire en VCF."),
    "covariate_unknown": ("There is no such covariate.", "Cette covariable n'existe pas."),
    "extra_missing": ("An optional part of CAD is not installed.", "Une partie optionnelle de CAD n'est pas installée."),
    "bind_refused": ("The service may not listen so: beyond loopback it needs authentication and TLS.", "Le service ne peut écouter ainsi : hors boucle locale, il exige authentification et TLS."),
    "demo_only": ("Only a demo's simulated warehouse is served without authentication.", "Seul l'entrepôt simulé d'une démo est servi sans authentification."),
    "credentials_missing": ("The request shows no key or token.", "La requête ne présente ni clé ni jeton."),
    "credentials_refused": ("The key or token does not hold.", "La clé ou le jeton n'est pas valable."),
    "identity_unusable": ("The identity provider's keys cannot be read.", "Les clés du fournisseur d'identité sont illisibles."),
    "client_unknown": ("There is no such client.", "Ce client n'existe pas."),
    "client_scope": ("A client's role does not go with what it is given.", "Le rôle d'un client ne va pas avec ce qui lui est donné."),
    "rate_limited": ("Too many requests in a short time.", "Trop de requêtes en peu de temps."),
    "budget_spent": ("The day's budget of distinct variants is spent.", "Le budget quotidien de variants distincts est épuisé."),
    "body_too_large": ("The request holds more than the service takes.", "La requête dépasse ce que le service accepte."),
    "storage_unusable": ("The service cannot write to its disk.", "Le service ne peut pas écrire sur son disque."),
    "body_too_slow": ("The request arrives too slowly.", "La requête arrive trop lentement."),
    "answer_too_slow": ("The answer took longer than the service waits.", "La réponse a pris plus de temps que le service n'attend."),
    "cursor_malformed": ("The cursor is not one that this question gave.", "Le curseur ne vient pas de cette question."),
    "as_of_malformed": ("A moment is neither a commit's number nor a day.", "Un moment n'est ni un numéro d'état ni un jour."),
    "cursor_stale": ("The base changed since the first part of the answer.", "La base a changé depuis la première partie de la réponse."),
    "media_unknown": ("The service does not answer in this form.", "Le service ne répond pas sous cette forme."),
    "upload_unknown": ("There is no such upload.", "Ce dépôt n'existe pas."),
    "upload_offset": ("The part does not begin where the upload ends.", "Le fragment ne commence pas où le dépôt s'arrête."),
    "upload_incomplete": ("Files of the batch have not arrived whole.", "Des fichiers du lot ne sont pas arrivés en entier."),
    "quota_reached": ("The platform's room for uploads is full.", "L'espace de dépôt de la plateforme est plein."),
    "platform_mismatch": ("The batch is another platform's.", "Le lot est celui d'une autre plateforme."),
    "crypt4gh_unusable": ("An encrypted file cannot be decrypted.", "Un fichier chiffré ne peut être déchiffré."),
    "not_found": ("There is nothing at this address.", "Il n'y a rien à cette adresse."),
    "request_malformed": ("The request does not follow the API.", "La requête ne suit pas l'API."),
    "consequences_failed": ("bcftools csq could not tell what variants do.", "bcftools csq n'a pas pu dire l'effet des variants."),
    "port_unusable": ("The port cannot be listened on.", "Le port ne peut être écouté."),
    "demo_mismatch": ("A figure of the demo is not what was simulated.", "Un chiffre de la démo n'est pas celui simulé."),
    "docs_stale": ("A generated page of the documentation is stale.", "Une page générée de la documentation est périmée."),
    "annotation_kind_unknown": ("There is no such kind of annotation source.", "Ce genre de source d'annotation n'existe pas."),
    "annotation_unknown": ("No such source or version of annotations is loaded.", "Cette source ou version d'annotations n'est pas chargée."),
    "annotation_conflict": ("The source has this version with other content, or is of another kind.", "La source a déjà cette version avec un autre contenu, ou est d'un autre genre."),
    "annotation_malformed": ("An annotation file breaks its format.", "Un fichier d'annotations n'est pas conforme."),
    "annotation_empty": ("An annotation file holds nothing that can be loaded.", "Un fichier d'annotations ne contient rien à charger."),
    "codes_malformed": ("A code list is not one.", "Une liste de codes n'est pas conforme."),
    "codes_conflict": ("The code list has this version with other rows.", "La liste de codes a déjà cette version avec d'autres lignes."),
    "codes_unknown": ("There is no such code list or version.", "Cette liste de codes ou version n'existe pas."),
    "hpo_missing": ("No release of HPO is loaded.", "Aucune version de HPO n'est chargée."),
    "hpo_unknown": ("The loaded release of HPO has no such term.", "La version chargée de HPO n'a pas ce terme."),
    "profile_malformed": ("A profile to compare is empty, or asked for as it may not be.", "Un profil à comparer est vide, ou demandé comme il ne peut l'être."),
    "filter_malformed": ("A filter of persons is not written as filters are.", "Un filtre de personnes n'est pas écrit comme il se doit."),
    "project_unknown": ("There is no such project.", "Ce projet n'existe pas."),
    "project_not_open": ("The project is not approved, is closed or has ended.", "Le projet n'est pas approuvé, est clos ou terminé."),
    "annotation_ref_mismatch": ("A REF of an annotation file disagrees with the registered reference.", "Un REF d'un fichier d'annotations contredit la référence enregistrée."),
    "annotation_field_unknown": ("A source has no such field.", "La source n'a pas ce champ."),
    "watch_unknown": ("It is neither a variant nor a known gene, or nobody watches it.", "Ce n'est ni un variant ni un gène connu, ou personne ne le surveille."),
    "not_allowed": ("The caller may not ask this for this purpose.", "L'appelant ne peut pas demander cela pour cette finalité."),
    "release_needed": ("Outside care figures come from releases only; name one.", "Hors soin, les chiffres ne viennent que de versions publiées ; nommez-en une."),
    "project_needed": ("Persons are told apart inside an approved project only.", "Les personnes ne sont distinguées que dans un projet approuvé."),
    "other_platform": ("It belongs to another platform.", "Cela appartient à une autre plateforme."),
    "project_conflict": ("A project is not in the state that this asks for.", "Un projet n'est pas dans l'état requis."),
    "project_malformed": ("A project's name, title or scope breaks the rules.", "Le nom, le titre ou le périmètre d'un projet n'est pas conforme."),
    "release_exists": ("A release has this name already.", "Une version publiée porte déjà ce nom."),
    "release_malformed": ("A release's name breaks the rules.", "Le nom d'une version n'est pas conforme."),
    "release_stale": ("The base counts persons who may no longer count; build first.", "La base compte des personnes qui ne peuvent plus l'être ; construisez d'abord."),
    "contact_malformed": ("A message to relay is empty or too long.", "Un message à relayer est vide ou trop long."),
    "variants_missing": ("Too few persons or variants that vary to analyse.", "Trop peu de personnes ou de variants qui varient pour une analyse."),
    "file_unusable": ("A file or folder cannot be read or written.", "Un fichier ou un dossier ne peut être lu ou écrit."),
    "internal_error": ("An error that CAD did not foresee.", "Une erreur que CAD n'a pas prévue."),
}  # fmt: skip
_DEFECT: Final[dict[str, tuple[str, str]]] = {
    "line_malformed": ("The line has not the header's number of columns.", "La ligne n'a pas le nombre de colonnes de l'en-tête."),
    "gt_index": ("GT names an alternate the record has not.", "GT cite un allèle absent de l'enregistrement."),
    "ploidy": ("GT has more than two alleles.", "GT a plus de deux allèles."),
    "ref_alphabet": ("REF holds a letter that is not IUPAC.", "REF contient une lettre hors IUPAC."),
    "ref_mismatch": ("REF disagrees with the registered reference.", "REF contredit la référence enregistrée."),
    "pos_beyond_contig": ("POS lies beyond the contig.", "POS dépasse la fin du contig."),
    "end_before_pos": ("A block's END lies before its POS.", "END d'un bloc précède POS."),
    "malformed_field": ("A field that CAD reads is malformed.", "Un champ lu par CAD est mal formé."),
    "alt_malformed": ("Every alternate is malformed or equals REF.", "Tous les allèles alternatifs sont mal formés ou égaux à REF."),
}  # fmt: skip
_OUT_OF_SCOPE: Final[dict[str, tuple[str, str]]] = {
    "contig_not_counted": ("The contig is not counted, or not one the file declares.", "Le contig n'est pas compté, ou pas déclaré par le fichier."),
    "symbolic": ("Only symbolic alleles or breakends, in a germline file.", "Allèles symboliques ou points de cassure seulement."),
    "y_par": ("The record lies in a PAR of Y; PARs are counted on X.", "L'enregistrement est dans une PAR de Y, comptée sur X."),
    "field_not_kept": ("A field of a clinical document of which CAD has no use.", "Un champ d'un document clinique dont CAD n'a pas l'usage."),
    "field_unknown": ("A field that the format of a clinical document has not.", "Un champ que le format d'un document clinique n'a pas."),
    "statement_void": ("A statement of a clinical document that is void, a draft or without content.", "Une énonciation d'un document clinique annulée, provisoire ou sans contenu."),
    "statement_uncoded": ("A statement of a clinical document without a code.", "Une énonciation d'un document clinique sans code."),
    "not_observed": ("A clinical document says that nobody looked or knew; nothing follows from it.", "Un document clinique dit que rien n'a été observé ; rien n'en découle."),
    "consent_unclear": ("A consent that is given in part, or about no scope of CAD, is not counted as given.", "Un consentement partiel ou hors des finalités de CAD ne compte pas comme donné."),
    "free_text": ("Free text of a clinical document is not kept.", "Le texte libre d'un document clinique n'est pas gardé."),
    "calendar_time": ("A date of a clinical document is not kept; ages are.", "Une date d'un document clinique n'est pas gardée ; les âges le sont."),
}  # fmt: skip
_WARNING: Final[dict[str, tuple[str, str]]] = {
    "info_array_length": ("An INFO array has not as many values as alleles; CAD does not read it.", "Un tableau INFO n'a pas autant de valeurs que d'allèles ; CAD ne le lit pas."),
    "format_array_length": ("A FORMAT array has a wrong length; its value is missing.", "Un tableau FORMAT a une longueur fausse ; sa valeur est manquante."),
    "allele_symbolic": ("A symbolic allele on a kept line is a missing allele.", "Un allèle symbolique d'une ligne gardée est manquant."),
    "allele_malformed": ("A malformed allele on a kept line is a missing allele.", "Un allèle mal formé d'une ligne gardée est manquant."),
    "sites_single_sample": ("A single-sample file with callability sites says little about denominators.", "Un fichier mono-échantillon en callability sites renseigne mal les dénominateurs."),
    "no_reference": ("No registered reference covers the record; it was split and trimmed only.", "Aucune référence ne couvre l'enregistrement : séparé et rogné seulement."),
    "cohort_unlisted": ("The cohort is in no code list; its purposes are not narrowed.", "La cohorte n'est dans aucune liste ; ses finalités ne sont pas restreintes."),
    "indication_unlisted": ("The pre-indication is not in the plan's list.", "La pré-indication n'est pas dans la liste du plan."),
    "region_unlisted": ("The region is in no route of the plan.", "La région n'est dans aucune filière du plan."),
    "sample_elsewhere": ("Another batch has this sample id under another person.", "Un autre lot a cet identifiant pour une autre personne."),
    "region_off_route": ("The region is not routed to this platform.", "La région n'est pas rattachée à cette plateforme."),
    "sex_discordant": ("The genotypes of X and Y contradict the declared sex.", "Les génotypes de X et Y contredisent le sexe déclaré."),
    "parent_discordant": ("The genotypes contradict a declared parent.", "Les génotypes contredisent un parent déclaré."),
    "same_genome_two_persons": ("Two persons who are not declared twins have one genome.", "Deux personnes non déclarées jumelles ont le même génome."),
    "two_genomes_one_person": ("Samples of one person have different genomes.", "Des échantillons d'une même personne ont des génomes différents."),
    "time_unplaced": ("A time of a life lies in no single band of age.", "Un moment de la vie n'est dans aucune tranche d'âge unique."),
    "term_newer": ("The release of HPO that answers does not know the term; it is kept.", "La version de HPO qui répond ne connaît pas le terme ; il est gardé."),
    "term_replaced": ("The term was merged into another, which stands for it.", "Le terme a été fusionné avec un autre, qui le représente."),
    "term_obsolete": ("The term was given up; its replacement is asked on reading.", "Le terme a été abandonné ; son remplaçant est cherché à la lecture."),
    "variant_other_assembly": ("A judged variant is of another assembly; it is kept as written.", "Un variant jugé est d'un autre assemblage ; il est gardé tel qu'écrit."),
    "variant_not_keyed": ("A judged variant cannot be brought to a key; it is kept as written.", "Un variant jugé ne peut recevoir de clé ; il est gardé tel qu'écrit."),
    "document_sex_differs": ("Documents and sample sheets tell different sexes of a person.", "Documents et feuilles d'échantillons donnent des sexes différents d'une personne."),
    "document_parent_differs": ("Documents and sample sheets name different parents of a person.", "Documents et feuilles d'échantillons nomment des parents différents d'une personne."),
    "other_subject": ("A finding is not of the document's person.", "Un résultat ne concerne pas la personne du document."),
    "samples_ignored": ("Columns of withdrawn persons were ignored.", "Des colonnes de personnes retirées ont été ignorées."),
}  # fmt: skip

REASONS: Final[dict[str, Reason]] = {
    code: Reason(kind, *texts)
    for kind, table in (
        (Kind.REFUSAL, _REFUSAL),
        (Kind.DEFECT, _DEFECT),
        (Kind.OUT_OF_SCOPE, _OUT_OF_SCOPE),
        (Kind.WARNING, _WARNING),
    )
    for code, texts in table.items()
}

SET_ASIDE_ORDER: Final[tuple[str, ...]] = (
    "contig_not_counted",
    "pos_beyond_contig",
    "line_malformed",
    "ref_alphabet",
    "ref_mismatch",
    "end_before_pos",
    "malformed_field",
    "gt_index",
    "ploidy",
    "y_par",
    "symbolic",
    "alt_malformed",
)
"""Where a line has several reasons, the first of these is the one it is counted under."""
